/** @file A small picture of a mask or an image in a list; nothing where the file cannot be read, which the canvas says. */

export function Thumbnail({ src }: { readonly src: string }) {
  return (
    <img
      key={src}
      src={src}
      alt=""
      width="56"
      height="56"
      loading="lazy"
      decoding="async"
      onError={({ currentTarget: { style } }) => {
        style.visibility = 'hidden';
      }}
    />
  );
}
