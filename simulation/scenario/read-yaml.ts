import {
  type Document,
  isNode,
  isPair,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { ScenarioInvalid, type ScenarioProblem } from './errors.ts';
import { place } from './problem.ts';

/** Tags whose values are plain data. */
const TAGS = ['map', 'seq', 'str', 'int', 'float', 'bool', 'null'] as const;
const PREFIX = 'tag:yaml.org,2002:';

/** Of a file with nothing in it, or only comments. */
export const EMPTY = 'the file is empty; allowed: JSON or YAML';

/** The value that a JSON or YAML text stands for: plain data. Throws `ScenarioInvalid` for any other text. */
export function readYaml(text: string, file: string): unknown {
  const document = parseDocument(text, { logLevel: 'error' }); // JSON is a subset of YAML 1.2
  const [error] = document.errors;
  if (error !== undefined) throw new ScenarioInvalid(file, [{ path: '', message: unreadable(error) }]);
  if (document.contents === null) throw new ScenarioInvalid(file, [{ path: '', message: EMPTY }]);
  const [tagged] = foreignTags(document);
  if (tagged !== undefined) throw new ScenarioInvalid(file, [tagged]);
  try {
    return document.toJS();
  } catch (error) {
    throw new ScenarioInvalid(file, [{ path: '', message: `neither JSON nor YAML: ${firstLine(error)}` }]);
  }
}

function unreadable(error: YAMLError): string {
  if (error.code === 'MULTIPLE_DOCS') return 'more than one YAML document; allowed: one';
  const why = /call stack/i.test(error.message) ? 'nested too deeply' : firstLine(error).replace(/:$/, '');
  return `neither JSON nor YAML: ${why}`;
}

function foreignTags(document: Document.Parsed): ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  visit(document, {
    Node: (key, node, ancestors) => {
      const { tag } = node;
      if (tag === undefined || TAGS.some((known) => tag === `${PREFIX}${known}`)) return;
      const allowed = TAGS.map((known) => `!!${known}`).join(', ');
      const path = pathOf(key, ancestors);
      problems.push({ path, message: `unknown tag ${tag.replace(PREFIX, '!!')}; allowed: none, ${allowed}` });
    },
  });
  return problems;
}

type Ancestors = readonly (Document | Node | Pair)[];

/** A pair is the place of its value and of its key alike. */
function pathOf(key: number | 'key' | 'value' | null, ancestors: Ancestors): string {
  const parts: PropertyKey[] = [];
  ancestors.forEach((each, i) => {
    if (isPair(each)) parts.push(isScalar(each.key) ? String(each.key.value) : String(each.key));
    else if (isNode(each)) {
      const next = ancestors[i + 1];
      if (next === undefined && typeof key === 'number') parts.push(key);
      else if (next !== undefined && !isPair(next)) parts.push(indexIn(each, next));
    }
  });
  return place(parts);
}

function indexIn(list: Node, item: Document | Node): number {
  const items: unknown = Reflect.get(list, 'items');
  return Array.isArray(items) ? items.indexOf(item) : 0;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
