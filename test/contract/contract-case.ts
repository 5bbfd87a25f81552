/** One promise of an interface, kept by every implementation. Uses node:assert so that it also runs without a test runner. */
export interface ContractCase<Subject> {
  readonly title: string;
  readonly run: (subject: Subject) => Promise<void>;
}
