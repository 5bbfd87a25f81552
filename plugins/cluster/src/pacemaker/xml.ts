import { ApplianceError } from '@gemel/core/sdk';
import { xmlText } from '../cib/cib-elements.js';

/** An XML element as data. `text` is that of the element itself and of all below it. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** The little of the document object model that is read here. */
interface DomNode {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly textContent: string | null;
  readonly childNodes: Iterable<DomNode>;
  readonly attributes?: Iterable<{ readonly name: string; readonly value: string }>;
}

const elementNode = 1;

/** The parser is loaded with the first document. @throws ApplianceError `engine-failed` when the text is not well-formed XML. */
export async function parseXml(text: string): Promise<XmlElement> {
  const { DOMParser, onErrorStopParsing } = await import('@xmldom/xmldom');
  try {
    const root = new DOMParser({ onError: onErrorStopParsing }).parseFromString(text, 'text/xml').documentElement;
    if (root !== null) return toElement(root);
  } catch (cause) {
    throw new ApplianceError('engine-failed', `Pacemaker's answer is no well-formed XML: ${String(cause)}`, { cause });
  }
  throw new ApplianceError('engine-failed', "Pacemaker's answer is empty.");
}

function toElement(node: DomNode): XmlElement {
  const children: XmlElement[] = [];
  for (const child of node.childNodes) if (child.nodeType === elementNode) children.push(toElement(child));
  const attributes = Object.fromEntries(Array.from(node.attributes ?? [], ({ name, value }) => [name, value]));
  return { name: node.nodeName, attributes, children, text: node.textContent ?? '' };
}

/** As text again. For the CIB, where only attributes say something: text between elements is left out. Pure. */
export function xmlOf({ name, attributes, children }: XmlElement): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(value)}"`);
  const head = `<${name}${written.join('')}`;
  return children.length === 0 ? `${head}/>` : `${head}>${children.map(xmlOf).join('')}</${name}>`;
}

export function childrenNamed(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The element at the end of a path of names, or undefined. */
export function childAt(element: XmlElement, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((at, name) => childrenNamed(at, name)[0], element);
}

/** All elements of a name at any depth, in the order of the document. */
export function descendants(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...descendants(child, name)]);
}
