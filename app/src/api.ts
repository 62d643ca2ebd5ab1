/** @file What the page of a room asks the server for. */
import type { ClassChange, DoneRequest, LabelsState } from '../../src/label/protocol.ts';
import type {
  DecisionAnswer,
  DecisionRequest,
  DraftRequest,
  ImageMasks,
  ReviewItem,
  RoomEvent,
  RoomState,
  SegmentAnswer,
  SegmentRequest,
} from '../../src/review/protocol.ts';
import { imagePath } from './addresses.ts';
import { post, request } from './request.ts';
import type { GreyImage } from './view/grey.ts';

export async function fetchRoom(): Promise<RoomState> {
  return (await request('api/room')).json() as Promise<RoomState>;
}

export async function fetchPixels(
  image: string,
  size: { width: number; height: number },
): Promise<GreyImage> {
  const response = await request(`${imagePath(image)}/pixels`);
  const bits = response.headers.get('Packmule-Bits') === '16' ? 16 : 8;
  const bytes = await response.arrayBuffer();
  // The server sends the low byte first, as all machines with a browser keep it.
  const data = bits === 16 ? new Uint16Array(bytes) : new Uint8Array(bytes);
  return { width: size.width, height: size.height, bits, data };
}

export async function fetchMasks(image: string): Promise<ImageMasks> {
  return (await request(`${imagePath(image)}/masks`)).json() as Promise<ImageMasks>;
}

export async function sendDecision(decision: DecisionRequest): Promise<{ saved: boolean; item: ReviewItem }> {
  const response = await post('api/decisions', decision);
  const { item } = (await response.json()) as DecisionAnswer;
  return { saved: response.ok, item };
}

/** Has a drawing kept until it is decided about, or, without a mask, forgotten. */
export async function sendDraft(draft: DraftRequest): Promise<void> {
  await post('api/drafts', draft);
}

/** Adds a class, or changes its name or colour. */
export async function sendClass(change: ClassChange): Promise<LabelsState> {
  return (await post('api/classes', change)).json() as Promise<LabelsState>;
}

/** Says that an image is done, or not. */
export async function sendDone(image: string, done: boolean): Promise<LabelsState> {
  return (
    await post(`${imagePath(image)}/done`, { done } satisfies DoneRequest)
  ).json() as Promise<LabelsState>;
}

/** Has the image encoded before the first click. */
export async function prepareSmartEdit(image: string): Promise<void> {
  await post(`${imagePath(image)}/prepare`, {});
}

export async function segment(image: string, prompt: SegmentRequest): Promise<SegmentAnswer> {
  return (await post(`${imagePath(image)}/segment`, prompt)).json() as Promise<SegmentAnswer>;
}

/** Calls back when something was decided or changed, here or in another page, and when the connection is lost or there again. */
export function listenForEvents(
  onEvent: (event: RoomEvent) => void,
  onConnection: (up: boolean) => void,
): void {
  const events = new EventSource('api/events');
  for (const event of ['item', 'labels'] as const) {
    events.addEventListener(event, ({ data }) =>
      onEvent({ event, data: JSON.parse(data as string) } as RoomEvent),
    );
  }
  events.addEventListener('open', () => onConnection(true));
  events.addEventListener('error', () => onConnection(false));
}
