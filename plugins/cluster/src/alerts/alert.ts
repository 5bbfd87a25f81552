/** Something Pacemaker did or noticed, as its alert agent wrote it down. */
export type Alert =
  | {
      readonly kind: 'node';
      readonly at: number;
      readonly node: string;
      /** `member` or `lost`. */
      readonly state: string;
    }
  | {
      readonly kind: 'resource';
      readonly at: number;
      readonly node: string;
      readonly resource: string;
      /** start, stop, promote, demote, monitor, notify, … */
      readonly task: string;
      /** The operation did what was expected. */
      readonly succeeded: boolean;
      readonly description: string;
      /** Of a repeated monitor, milliseconds. */
      readonly intervalMs: number;
      readonly tookMs: number;
    }
  | {
      readonly kind: 'fencing';
      readonly at: number;
      readonly node: string;
      readonly task: string;
      readonly succeeded: boolean;
      readonly description: string;
    }
  | {
      readonly kind: 'attribute';
      readonly at: number;
      readonly node: string;
      readonly name: string;
      readonly value: string;
    };

/** PCMK_EXEC_DONE; 1 is an operation that was cancelled on purpose. */
const executed = '0';

/** Undefined for a file that is not written to its end, or of a kind that is not known. */
export function parseAlert(text: string): Alert | undefined {
  const lines = text.trimEnd().split('\n');
  if (lines.pop() !== 'end') return undefined;
  const values = new Map(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  );
  const value = (name: string) => values.get(name) ?? '';
  const at = Number(value('timestamp_epoch')) * 1_000 + Math.floor(Number(value('usec')) / 1_000);
  const node = value('node');
  switch (value('kind')) {
    case 'node':
      return { kind: 'node', at, node, state: value('desc') };
    case 'fencing':
      return {
        kind: 'fencing',
        at,
        node,
        task: value('task'),
        succeeded: value('rc') === '0',
        description: value('desc'),
      };
    case 'attribute':
      return { kind: 'attribute', at, node, name: value('attribute_name'), value: value('attribute_value') };
    case 'resource':
      return resourceAlert(at, node, value);
    default:
      return undefined;
  }
}

/** Undefined for the cancelling of a monitor, which belongs to whatever follows it. */
function resourceAlert(at: number, node: string, value: (name: string) => string): Alert | undefined {
  if (value('status') === '1') return undefined;
  return {
    kind: 'resource',
    at,
    node,
    resource: value('rsc'),
    task: value('task'),
    succeeded: value('status') === executed && value('rc') === value('target_rc'),
    description: value('desc'),
    intervalMs: Number(value('interval')),
    tookMs: Number(value('exec_time')),
  };
}
