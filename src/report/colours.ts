/**
 * @file The colours of all our pages, as CSS variables, for a light and a dark scheme.
 *
 * They are of the palette of Okabe & Ito (2008), which people with colour-blindness can tell apart, taken darker or
 * lighter by scheme so that each has a contrast of at least 3 : 1 to its ground, and text one of 4.5 : 1. `edge` is for
 * what can be used; `line`, which only divides, is fainter.
 */
export const LIGHT_COLOURS =
  '--surface:#ffffff;--raised:#f6f7f8;--ink:#16191d;--muted:#59616b;--line:#dfe3e7;--edge:#828a92;--initial:#c45100;--refined:#00815e;--final:#0069a8;--final-refined:#7443b5;--accent:#0069a8;--warn:#8f4a00;--warn-ground:#fff6e9;--s0:#0069a8;--s1:#c45100;--s2:#00815e;--s3:#a8327a;--s4:#7a6200;--s5:#6a4fb3;--s6:#882255;--s7:#4d5660';
export const DARK_COLOURS =
  '--surface:#14171a;--raised:#1d2125;--ink:#eceff1;--muted:#a3adb6;--line:#343a40;--edge:#6b757e;--initial:#f0954a;--refined:#34c79b;--final:#62b8ee;--final-refined:#b99aec;--accent:#7cc4f2;--warn:#f3b562;--warn-ground:#2b2317;--s0:#62b8ee;--s1:#f0954a;--s2:#34c79b;--s3:#e58bc4;--s4:#e0c53f;--s5:#b3a0ee;--s6:#e07a9f;--s7:#a3adb6';
