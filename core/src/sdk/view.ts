/**
 * What a person sees, independent of the surface: the CLI draws it as text, the web as components.
 * Built by pure functions beside the schema they present.
 */
export type Tone = 'ok' | 'warn' | 'bad' | 'pending' | 'muted' | 'plain';

export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

export type CellLike = Cell | string;

export type View =
  | { readonly kind: 'text'; readonly text: string; readonly tone?: Tone }
  | { readonly kind: 'fields'; readonly title?: string; readonly fields: readonly (readonly [string, CellLike])[] }
  | {
      readonly kind: 'table';
      readonly title?: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly CellLike[])[];
      /** Said instead of an empty table. */
      readonly empty?: string;
    }
  | {
      readonly kind: 'diff';
      readonly lines: readonly { readonly mark: '+' | '-' | '~' | ' '; readonly text: string }[];
    }
  /** Text to be passed on byte for byte, such as an export. */
  | { readonly kind: 'raw'; readonly text: string }
  | { readonly kind: 'group'; readonly title?: string; readonly views: readonly View[] };
