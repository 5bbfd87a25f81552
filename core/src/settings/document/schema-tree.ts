import { z } from 'zod';
import { isObject, type JsonObject } from './json-tree.js';

/**
 * A section's schema as JSON Schema, to be walked beside its settings. A place has several nodes when the schema leaves a
 * choice there; the choice itself is not made here.
 */
export class SchemaTree {
  readonly #root: JsonObject;
  /** False when nothing below is secret, so that large documents need no walk. */
  readonly hasSecrets: boolean;

  constructor(schema: z.ZodType) {
    // toJSONSchema gives a JSON Schema object; its own type names every keyword, we read a few.
    this.#root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject;
    this.hasSecrets = JSON.stringify(this.#root).includes('"secret":true');
  }

  root(): readonly JsonObject[] {
    return this.#expand(this.#root, false, 0);
  }

  at(segments: readonly string[]): readonly JsonObject[] {
    let nodes = this.root();
    for (const segment of segments) nodes = this.child(nodes, segment);
    return nodes;
  }

  /** What may stand under a key (or at an index) of a value with these schemas; empty when nothing may. */
  child(nodes: readonly JsonObject[], key: string): readonly JsonObject[] {
    const found: JsonObject[] = [];
    for (const node of nodes) {
      const inner = this.#childOf(node, key);
      if (inner !== undefined) found.push(...this.#expand(inner, node['secret'] === true, 0));
    }
    return found;
  }

  /** Names that are allowed below these nodes; open records have none of their own. */
  keys(nodes: readonly JsonObject[]): readonly string[] {
    return [...new Set(nodes.flatMap((node) => (isObject(node['properties']) ? Object.keys(node['properties']) : [])))];
  }

  #childOf(node: JsonObject, key: string): JsonObject | undefined {
    const properties = node['properties'];
    if (isObject(properties) && Object.hasOwn(properties, key)) return asNode(properties[key]);
    if (/^(\d+|-)$/.test(key)) {
      const tuple = node['prefixItems'];
      if (Array.isArray(tuple) && Number(key) < tuple.length) return asNode(tuple[Number(key)]);
      if (node['items'] !== undefined) return asNode(node['items']);
    }
    const additional = node['additionalProperties'];
    if (additional === undefined) return undefined;
    return keyAllowed(node, key) ? asNode(additional) : undefined;
  }

  /** Follows references and choices down to nodes that describe one shape each; `secret` is inherited. */
  #expand(node: JsonObject, secret: boolean, depth: number): readonly JsonObject[] {
    if (depth > 32) return [];
    const hidden = secret || node['secret'] === true;
    const inner: JsonObject[] = [];
    const reference = node['$ref'];
    if (typeof reference === 'string') inner.push(this.#resolve(reference));
    for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
      const choices = node[keyword];
      if (Array.isArray(choices)) inner.push(...choices.map((choice) => asNode(choice) ?? {}));
    }
    if (inner.length > 0) return inner.flatMap((each) => this.#expand(each, hidden, depth + 1));
    return [hidden && node['secret'] !== true ? { ...node, secret: true } : node];
  }

  #resolve(reference: string): JsonObject {
    let node: unknown = this.#root;
    for (const segment of reference.split('/').slice(1)) node = isObject(node) ? node[segment] : undefined;
    return isObject(node) ? node : {};
  }
}

function asNode(value: unknown): JsonObject | undefined {
  if (value === true) return {};
  return isObject(value) ? value : undefined;
}

function keyAllowed(node: JsonObject, key: string): boolean {
  const names = node['propertyNames'];
  if (!isObject(names)) return true;
  if (Array.isArray(names['enum'])) return names['enum'].includes(key);
  // Patterns are judged by the section's own schema, whose message is better than "no such field".
  return true;
}
