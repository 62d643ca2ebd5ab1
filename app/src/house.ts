/** @file The start page, where this page was opened from it. */

/** Whether there is a way back to it. */
export const isInHouse = location.pathname.split('/').at(-3) === 'room';

/** Its address, relative to this page. */
export const START = '../../';
