/**
 * @file Where models lie and whence they come on this machine, from its environment variables.
 *
 * Packmule writes into a folder of its own, one file per model under the file's usual name, so that a file fetched by
 * other means is put there as it is. The cache of the Hugging Face hub is read and never written: its layout of
 * blobs, references and locks belongs to another program.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../base/errors.ts';
import { cacheFolder } from '../base/home.ts';
import type { HubFile } from './registry.ts';

export interface ModelEnvironment {
  /** Packmule's own: files by name. PACKMULE_HOME/models, else in the user's cache folder. */
  readonly folder: string;
  /** Of the hub's own tools: HF_HUB_CACHE, HF_HOME. */
  readonly hubCache: string;
  /** HF_ENDPOINT, without a slash at its end. */
  readonly endpoint: string;
  /** HF_ENDPOINT is set: who names a mirror of the hub can reach that one best. */
  readonly hubFirst: boolean;
  /** HF_TOKEN, for the host of the endpoint alone. */
  readonly token?: string;
  /** HF_HUB_OFFLINE: nothing is downloaded. */
  readonly offline: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError for an endpoint that is no address, or a token that cannot be one. */
export function modelEnvironment(
  variables: Variables,
  { home, platform }: { readonly home: string; readonly platform: NodeJS.Platform },
): ModelEnvironment {
  const set = (name: string): string | undefined => variables[name]?.trim() || undefined;
  const userCache = set('XDG_CACHE_HOME') ?? join(home, '.cache');
  const hubHome = set('HF_HOME') ?? join(userCache, 'huggingface');
  const endpoint = set('HF_ENDPOINT');
  const token = set('HF_TOKEN');
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new ConfigError({
      seen: 'HF_TOKEN holds characters that no token has',
      need: 'An access token of the Hugging Face hub: letters, digits and underscores',
      fix: 'Copy it again, or unset HF_TOKEN',
    });
  }
  return {
    folder: join(cacheFolder({ variables, home, platform }), 'models'),
    hubCache: set('HF_HUB_CACHE') ?? join(hubHome, 'hub'),
    endpoint: endpoint === undefined ? 'https://huggingface.co' : checkedEndpoint(endpoint),
    hubFirst: endpoint !== undefined,
    ...(token !== undefined && { token }),
    offline: /^(1|on|yes|true)$/i.test(set('HF_HUB_OFFLINE') ?? ''),
  };
}

/** Of this process and user. */
export function thisEnvironment(): ModelEnvironment {
  return modelEnvironment(process.env, { home: homedir(), platform: process.platform });
}

function checkedEndpoint(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '');
  throw new ConfigError({
    seen: `HF_ENDPOINT is ${text}`,
    need: 'The address of the Hugging Face hub or of a mirror, such as https://huggingface.co',
    fix: 'Correct it, or unset HF_ENDPOINT',
  });
}

/** The address of a file on the hub. */
export function hubAddress({ repository, revision, path }: HubFile, endpoint: string): string {
  return `${endpoint}/${repository}/resolve/${revision}/${path}`;
}
