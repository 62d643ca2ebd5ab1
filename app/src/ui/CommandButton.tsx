/** @file A button for something that a key does too: its tooltip names the key. */
import type { ComponentChildren } from 'preact';
import { run } from '../actions/commands.ts';
import { type Command, KEY_GROUPS, keyLabel, LABEL_KEY_GROUPS } from '../keys.ts';
import { labels } from '../store.ts';
import { Icon, type IconName } from './icons.tsx';

interface CommandButtonProps {
  readonly command: Command;
  readonly icon?: IconName;
  /** What stands on it; where there is nothing but an icon, `label` says it to those who do not see it. */
  readonly children?: ComponentChildren;
  readonly label?: string;
  /** For those that are on or off. */
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  /** In the place of what the key table says. */
  readonly title?: string;
  readonly class?: string;
  readonly showKey?: boolean;
}

const doesOf = (groups: typeof KEY_GROUPS) =>
  new Map(groups.flatMap(({ keys }) => keys).map(({ command, does }) => [command, does]));
const DOES = doesOf(KEY_GROUPS);
const LABEL_DOES = doesOf(LABEL_KEY_GROUPS);

export function CommandButton(props: CommandButtonProps) {
  const { command, icon, children, label, pressed, disabled = false, showKey = false } = props;
  const key = keyLabel(command);
  return (
    <button
      type="button"
      class={props.class}
      title={`${props.title ?? (labels.value === undefined ? DOES : LABEL_DOES).get(command)} (${key})`}
      aria-label={label}
      aria-pressed={pressed}
      aria-keyshortcuts={key.replaceAll(' ', '+').replace('Ctrl', 'Control')}
      disabled={disabled}
      onClick={() => run(command)}
    >
      {icon && <Icon name={icon} />}
      {children}
      {showKey && <kbd>{key}</kbd>}
    </button>
  );
}
