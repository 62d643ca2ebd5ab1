/**
 * @file A reader for Python pickles that executes nothing.
 *
 * A pickle is a program for a small stack machine (Python's Lib/pickletools.py documents it). The dangerous part
 * of that machine is that it may import and call anything. Here a global is only a name, calling it asks the host,
 * which knows a handful of names, and everything else is an error. Sizes are bounded, nothing recurses.
 */

/** What unpickling yields. Tuples and lists are both arrays; no reader here needs to tell them apart. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleDict
  | PickleGlobal
  | PickleForeign;

/** A dict in insertion order. */
export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

/** An imported name such as `collections.OrderedDict`, which is not the thing itself. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A value that the host made; the machine only carries it. */
export class PickleForeign {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** What the machine asks its host. Each throws where it does not agree. */
export interface PickleHost {
  /** Called when a name is imported, before anything is done with it. */
  checkGlobal(name: string): void;
  /** The result of calling a permitted global. */
  call(name: string, args: readonly PickleValue[]): PickleValue;
  /** The object that a persistent id stands for. */
  persistent(id: PickleValue): PickleValue;
}

/** A pickle that breaks off, is malformed, too large, or uses what is not permitted. The text continues `FILE ...`. */
export class PickleError extends Error {}

const MAX_PICKLE_BYTES = 8 * 2 ** 20;
const MAX_STACK = 2 ** 16;
const MAX_MEMO = 2 ** 20;
/** Values pushed in all; the largest published models have tens of thousands. */
const MAX_VALUES = 2 ** 20;
const MAX_LONG_BYTES = 16;

/** The value a pickle of protocol 2 to 5 describes. */
export function unpickle(bytes: Uint8Array, host: PickleHost): PickleValue {
  if (bytes.length > MAX_PICKLE_BYTES) {
    throw new PickleError(`has a pickle of ${bytes.length} bytes, more than ${MAX_PICKLE_BYTES}`);
  }
  const machine = createMachine(host);
  const reader = createReader(bytes);
  for (;;) {
    const at = reader.position();
    const code = reader.uint(1);
    if (code === STOP) return machine.pop();
    const run = OPCODES.get(code);
    if (run === undefined) {
      throw new PickleError(`uses the forbidden pickle opcode 0x${code.toString(16)} at byte ${at}`);
    }
    run(machine, reader);
  }
}

type Reader = ReturnType<typeof createReader>;
type Machine = ReturnType<typeof createMachine>;

function createReader(bytes: Uint8Array) {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (count: number): number => {
    if (count > bytes.length - at) throw new PickleError('has a pickle that breaks off');
    at += count;
    return at - count;
  };
  return {
    position: () => at,
    /** An unsigned little-endian number of 1, 2, 4 or 8 bytes. */
    uint: (size: 1 | 2 | 4 | 8): number => {
      const start = take(size);
      if (size === 1) return data.getUint8(start);
      if (size === 2) return data.getUint16(start, true);
      if (size === 4) return data.getUint32(start, true);
      return Number(data.getBigUint64(start, true));
    },
    int32: (): number => data.getInt32(take(4), true),
    /** Floats are the one big-endian thing in a pickle. */
    float64: (): number => data.getFloat64(take(8), false),
    bytes: (count: number): Uint8Array => {
      const start = take(count);
      return bytes.subarray(start, start + count);
    },
    text: (count: number): string => {
      const start = take(count);
      return new TextDecoder().decode(bytes.subarray(start, start + count));
    },
    line: (): string => {
      const end = bytes.indexOf(0x0a, at);
      if (end < 0) throw new PickleError('has a pickle that breaks off');
      const start = take(end + 1 - at);
      return new TextDecoder().decode(bytes.subarray(start, end));
    },
  };
}

function createMachine(host: PickleHost) {
  const stack: PickleValue[] = [];
  /** Stack heights at which a MARK was set. */
  const marks: number[] = [];
  const memo = new Map<number, PickleValue>();
  let values = 0;
  const floor = (): number => marks.at(-1) ?? 0;
  const machine = {
    host,
    push: (value: PickleValue): void => {
      if (++values > MAX_VALUES) throw new PickleError(`has a pickle of more than ${MAX_VALUES} values`);
      if (stack.length >= MAX_STACK)
        throw new PickleError(`has a pickle of more than ${MAX_STACK} open values`);
      stack.push(value);
    },
    pop: (): PickleValue => {
      if (stack.length <= floor()) throw new PickleError('has a malformed pickle: a value is missing');
      return stack.pop()!;
    },
    top: (): PickleValue => {
      if (stack.length <= floor()) throw new PickleError('has a malformed pickle: a value is missing');
      return stack.at(-1)!;
    },
    mark: (): void => {
      if (marks.length >= MAX_STACK)
        throw new PickleError(`has a pickle of more than ${MAX_STACK} open marks`);
      marks.push(stack.length);
    },
    popToMark: (): PickleValue[] => {
      const mark = marks.pop();
      if (mark === undefined) throw new PickleError('has a malformed pickle: a mark is missing');
      return stack.splice(mark);
    },
    put: (index: number): void => {
      if (memo.size >= MAX_MEMO) throw new PickleError(`has a pickle of more than ${MAX_MEMO} stored values`);
      memo.set(index, machine.top());
    },
    putNext: (): void => machine.put(memo.size),
    get: (index: number): void => {
      const value = memo.get(index);
      if (value === undefined) throw new PickleError(`has a malformed pickle: no stored value ${index}`);
      machine.push(value);
    },
    pushGlobal: (name: string): void => {
      host.checkGlobal(name);
      machine.push(new PickleGlobal(name));
    },
  };
  return machine;
}

function expectText(value: PickleValue): string {
  if (typeof value !== 'string') throw new PickleError('has a malformed pickle: text is missing');
  return value;
}

function tuple(machine: Machine, count: number): void {
  const items: PickleValue[] = [];
  for (let i = 0; i < count; i++) items.unshift(machine.pop());
  machine.push(items);
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const list = machine.top();
  if (!Array.isArray(list)) throw new PickleError('has a malformed pickle: a list is missing');
  for (const item of items) list.push(item);
}

function setItems(machine: Machine, items: readonly PickleValue[]): void {
  const dict = machine.top();
  if (!(dict instanceof PickleDict) || items.length % 2 !== 0) {
    throw new PickleError('has a malformed pickle: a dict is missing');
  }
  for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i]!, items[i + 1]!);
}

function reduce(machine: Machine): void {
  const args = machine.pop();
  const callee = machine.pop();
  if (!(callee instanceof PickleGlobal) || !Array.isArray(args)) {
    throw new PickleError('calls something in its pickle that is not a name');
  }
  machine.push(machine.host.call(callee.name, args));
}

/**
 * BUILD sets attributes of an object. PyTorch uses it for the `_metadata` of a state dict, which no reader needs,
 * so on a dict it does nothing; on anything else it is refused.
 */
function build(machine: Machine): void {
  machine.pop();
  if (!(machine.top() instanceof PickleDict))
    throw new PickleError('sets the state of an object in its pickle');
}

function long(machine: Machine, bytes: Uint8Array): void {
  if (bytes.length > MAX_LONG_BYTES) throw new PickleError(`has a pickled number of ${bytes.length} bytes`);
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  value = BigInt.asIntN(8 * bytes.length, value);
  const small = Number(value);
  machine.push(Number.isSafeInteger(small) ? small : value);
}

const STOP = 0x2e;

/** Every opcode that is permitted, by its byte. */
const OPCODES: ReadonlyMap<number, (machine: Machine, reader: Reader) => void> = new Map([
  [
    0x80, // PROTO
    (_: Machine, r: Reader) => {
      const protocol = r.uint(1);
      if (protocol < 2 || protocol > 5) throw new PickleError(`has a pickle of protocol ${protocol}`);
    },
  ],
  [0x95, (_, r) => void r.uint(8)], // FRAME
  [0x28, (m) => m.mark()], // MARK
  [0x30, (m) => void m.pop()], // POP
  [0x31, (m) => void m.popToMark()], // POP_MARK
  [0x32, (m) => m.push(m.top())], // DUP
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4a, (m, r) => m.push(r.int32())], // BININT
  [0x4b, (m, r) => m.push(r.uint(1))], // BININT1
  [0x4d, (m, r) => m.push(r.uint(2))], // BININT2
  [0x8a, (m, r) => long(m, r.bytes(r.uint(1)))], // LONG1
  [0x8b, (m, r) => long(m, r.bytes(r.uint(4)))], // LONG4
  [0x47, (m, r) => m.push(r.float64())], // BINFLOAT
  [0x8c, (m, r) => m.push(r.text(r.uint(1)))], // SHORT_BINUNICODE
  [0x58, (m, r) => m.push(r.text(r.uint(4)))], // BINUNICODE
  [0x8d, (m, r) => m.push(r.text(r.uint(8)))], // BINUNICODE8
  [0x43, (m, r) => m.push(r.bytes(r.uint(1)))], // SHORT_BINBYTES
  [0x42, (m, r) => m.push(r.bytes(r.uint(4)))], // BINBYTES
  [0x8e, (m, r) => m.push(r.bytes(r.uint(8)))], // BINBYTES8
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x61, (m) => append(m, [m.pop()])], // APPEND
  [0x65, (m) => append(m, m.popToMark())], // APPENDS
  [0x6c, (m) => m.push(m.popToMark())], // LIST
  [0x29, (m) => m.push([])], // EMPTY_TUPLE
  [0x85, (m) => tuple(m, 1)], // TUPLE1
  [0x86, (m) => tuple(m, 2)], // TUPLE2
  [0x87, (m) => tuple(m, 3)], // TUPLE3
  [0x74, (m) => m.push(m.popToMark())], // TUPLE
  [0x7d, (m) => m.push(new PickleDict())], // EMPTY_DICT
  [0x73, (m) => setItems(m, [m.pop(), m.pop()].reverse())], // SETITEM
  [0x75, (m) => setItems(m, m.popToMark())], // SETITEMS
  [0x63, (m, r) => m.pushGlobal(`${r.line()}.${r.line()}`)], // GLOBAL
  [
    0x93, // STACK_GLOBAL
    (m) => {
      const name = expectText(m.pop());
      m.pushGlobal(`${expectText(m.pop())}.${name}`);
    },
  ],
  [0x52, (m) => reduce(m)], // REDUCE
  [0x62, (m) => build(m)], // BUILD
  [0x51, (m) => m.push(m.host.persistent(m.pop()))], // BINPERSID
  [0x71, (m, r) => m.put(r.uint(1))], // BINPUT
  [0x72, (m, r) => m.put(r.uint(4))], // LONG_BINPUT
  [0x94, (m) => m.putNext()], // MEMOIZE
  [0x68, (m, r) => m.get(r.uint(1))], // BINGET
  [0x6a, (m, r) => m.get(r.uint(4))], // LONG_BINGET
]);
