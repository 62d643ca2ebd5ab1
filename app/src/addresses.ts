/** @file Where the server has what is known of an image, below the address of its room. */
import type { ReviewItem, RoomState } from '../../src/review/protocol.ts';

export const imagePath = (image: string): string => `api/images/${encodeURIComponent(image)}`;

/** Another address for each edition of the room and state of the item, so that the browser may keep the picture. */
export function thumbnailPath(
  { image, classIndex, revision }: ReviewItem,
  { edition }: Pick<RoomState, 'edition'>,
): string {
  return `${imagePath(image)}/thumbnails/${classIndex}?${new URLSearchParams({ edition, revision: `${revision}` })}`;
}

/** Another address for each edition of the room and state of the image's masks. */
export function overviewPath(image: string, state: string, { edition }: Pick<RoomState, 'edition'>): string {
  return `${imagePath(image)}/thumbnail?${new URLSearchParams({ edition, state })}`;
}
