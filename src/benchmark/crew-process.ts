/** @file What runs in a process of a crew: orders come from the process that began it, without which it ends. */
import { type Order, openMember } from './crew-member.ts';

const member = openMember((answer) => {
  process.send?.(answer);
});
process.on('message', (order) => member(order as Order));
process.on('disconnect', () => process.exit());
// Ctrl-C reaches all processes of a terminal; what follows from it the first one says.
process.on('SIGINT', () => undefined);
