/** @file A real Slurm of one node, this machine: its daemons with a configuration and a folder of their own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel'];

/** Why Slurm cannot be started here; undefined where it can. */
export function whyNoSlurm(): string | undefined {
  if (process.getuid?.() !== 0) return 'slurmd runs jobs as root only';
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  const missing = PROGRAMS.find((name) => !folders.some((folder) => existsSync(join(folder, name))));
  return missing === undefined ? undefined : `there is no ${missing}: apt-get install slurm-wlm munge`;
}

export interface Slurm {
  /** What programs that talk to it need in their environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Output of one of its programs. */
  ask(program: string, ...args: string[]): string;
  stop(): Promise<void>;
}

/** @param folder empty; its path is short, because a socket lies in it */
export async function startSlurm(folder: string): Promise<Slurm> {
  const at = (name: string): string => join(folder, name);
  const [controlPort, nodePort] = [await freePort(), await freePort()];
  const node = hostname().split('.')[0]!;
  for (const name of ['state', 'spool']) await mkdir(at(name));
  await writeFile(at('munge.key'), randomBytes(64), { mode: 0o600 });
  await writeFile(
    at('slurm.conf'),
    `${[
      'ClusterName=packmule',
      `SlurmctldHost=${node}(127.0.0.1)`,
      `SlurmctldPort=${controlPort}`,
      `SlurmdPort=${nodePort}`,
      'SlurmUser=root',
      'SlurmdUser=root',
      `AuthInfo=socket=${at('munge.sock')}`,
      `StateSaveLocation=${at('state')}`,
      `SlurmdSpoolDir=${at('spool')}`,
      `SlurmctldPidFile=${at('slurmctld.pid')}`,
      `SlurmdPidFile=${at('slurmd.pid')}`,
      // Neither control groups nor accounting: a container has none.
      'ProctrackType=proctrack/linuxproc',
      'TaskPlugin=task/none',
      'JobAcctGatherType=jobacct_gather/none',
      'AccountingStorageType=accounting_storage/none',
      'MpiDefault=none',
      'SwitchType=switch/none',
      'SelectType=select/cons_tres',
      'SelectTypeParameters=CR_CPU',
      'SlurmdParameters=config_overrides',
      'ReturnToService=2',
      `NodeName=${node} NodeAddr=127.0.0.1 CPUs=3 State=UNKNOWN`,
      'PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP',
    ].join('\n')}\n`,
  );
  const variables = {
    SLURM_CONF: at('slurm.conf'),
    PATH: `${process.env.PATH}${delimiter}/usr/sbin`,
  };
  const env = { ...process.env, ...variables };
  const daemons: ChildProcess[] = [];
  const start = (program: string, ...args: string[]): void => {
    daemons.push(spawn(program, args, { env, stdio: 'ignore' }));
  };
  const ask = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  start(
    'munged',
    ...['--foreground', '--force', `--key-file=${at('munge.key')}`, `--socket=${at('munge.sock')}`],
    ...[
      `--pid-file=${at('munged.pid')}`,
      `--log-file=${at('munged.log')}`,
      `--seed-file=${at('munge.seed')}`,
    ],
  );
  const stop = async (): Promise<void> => {
    for (const daemon of daemons.splice(0).reverse()) {
      if (daemon.exitCode !== null) continue;
      const ended = new Promise((done) => daemon.once('exit', done));
      daemon.kill('SIGTERM');
      await ended;
    }
  };
  try {
    await until(() => existsSync(at('munge.sock')), 'munged opens no socket');
    start('slurmctld', '-D');
    start('slurmd', '-D');
    await until(() => ask('sinfo', '--noheader', '--format=%T').trim() === 'idle', 'the node is not idle');
  } catch (error) {
    await stop();
    throw error;
  }
  return { variables, ask, stop };
}

/** Waits for a condition that others bring about. */
export async function until(holds: () => boolean, otherwise: string): Promise<void> {
  for (let tries = 0; tries < 2400; tries++) {
    try {
      if (holds()) return;
    } catch {
      // Not answering yet.
    }
    await wait(50);
  }
  throw new Error(otherwise);
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}
