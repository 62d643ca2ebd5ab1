/**
 * @file XML as plain elements, by way of fast-xml-parser with entities off: a document type, the only place where
 * entities can be declared (and made to explode), is refused, and only XML's own five and numeric ones are decoded.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { AnnotationError } from '../base/errors.ts';

/** Attributes are under `@name`, text under `#text`, child elements as lists under their names. */
export interface XmlElement {
  readonly [key: string]: string | readonly XmlElement[] | undefined;
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#text',
  alwaysCreateTextNode: true,
  processEntities: false,
  parseTagValue: false,
  parseAttributeValue: false,
  isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
});

/** The document as an element that has the root element as its child. @throws AnnotationError for damaged XML. */
export function parseXml(path: string, text: string): XmlElement {
  if (/<!DOCTYPE/i.test(text)) {
    throw new AnnotationError({
      seen: `${path} declares a document type`,
      need: 'Annotation files are plain XML without DOCTYPE and entities',
      fix: 'Export it again, or remove the declaration',
    });
  }
  const excess = excessOf(text);
  if (excess !== undefined) {
    throw new AnnotationError({
      seen: `${path} ${excess}`,
      need: `Annotation files take ${MAX_MEMORY / 1e6} MB of memory at most, and each element of them ${MAX_ELEMENT / 1e6} MB of text`,
      fix: 'Divide it by images, or check that it is an annotation file',
    });
  }
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw damagedXml(path, `line ${valid.err.line}: ${valid.err.msg}`);
  try {
    return parser.parse(text) as XmlElement;
  } catch (cause) {
    throw damagedXml(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** What the elements of a file may take in memory, bytes. */
const MAX_MEMORY = 600e6;

/** From one < to the next, characters: the parser reads long attributes letter by letter, which takes long. */
const MAX_ELEMENT = 4e6;

/** What of a text is too much, as the end of a sentence. An element and an attribute take about so much memory each. */
function excessOf(text: string): string | undefined {
  let [memory, begin] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x3c) [memory, begin] = [memory + 150, i];
    else if (code === 0x3d) memory += 60;
    if (i - begin > MAX_ELEMENT) return `has an element of more than ${MAX_ELEMENT / 1e6} MB`;
    if (memory > MAX_MEMORY) return 'holds more elements than fit in memory';
  }
  return undefined;
}

function damagedXml(path: string, detail: string, cause?: unknown): AnnotationError {
  return new AnnotationError(
    {
      seen: `${path} is not valid XML (${detail.replace(/[.\s]+$/, '')})`,
      need: 'A CVAT file is one complete XML document',
      fix: 'Export it again, or copy it again from its source',
    },
    { cause },
  );
}

/** The child elements of one name. */
export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  const children = element[name];
  return Array.isArray(children) ? children : [];
}

/** An attribute's value, or undefined where it is absent. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  const value = element[`@${name}`];
  return typeof value === 'string' ? decodeEntities(value) : undefined;
}

/** The text of an element, without white space around it. */
export function textOf(element: XmlElement): string {
  const value = element['#text'];
  return typeof value === 'string' ? decodeEntities(value).trim() : '';
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Text made safe for an attribute's value or an element's text. */
export function escapeXml(text: string): string {
  const codes: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    '\n': '&#10;',
  };
  return text.replace(/[&<>"\n]/g, (character) => codes[character]!);
}
