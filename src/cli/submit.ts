/** @file `packmule submit`: the images or cells of a command divided among the tasks of a cluster. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { ConfigError, RunError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { asNode } from '../base/node-process.ts';
import { nearestName } from '../base/suggest.ts';
import { commandLine } from '../base/text.ts';
import { type ArrayJob, jobName } from '../submit/array-job.ts';
import type { Cluster } from '../submit/cluster.ts';
import { KUBERNETES_TEMPLATE, kubernetes } from '../submit/kubernetes.ts';
import { SLURM_TEMPLATE, slurm } from '../submit/slurm.ts';
import type { Template } from '../submit/template.ts';
import { runArray } from '../submit/watch.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import { whole } from './numbers.ts';
import { collect } from './source.ts';

/** Commands that take --shard. */
const DIVIDED: readonly string[] = ['embed', 'predict', 'refine', 'evaluate', 'run', 'benchmark'];

const ABOUT = `
The command is written as one types it, after the options of submit. Each task does it with --shard, in a folder that
all machines see; when all are done, the command is done here without --shard, which puts the parts together. Images are
divided, and cells of a benchmark; what comes before images are divided (training) is to be done first. Tasks that fail
are submitted again, as often as --retries says. Ctrl-C ends the watching and not the tasks; the same call watches on.

Commands: ${DIVIDED.join(', ')}.`;

interface SubmitOptions {
  readonly tasks: number;
  readonly retries: number;
  readonly atOnce?: number;
  readonly cpus?: number;
  readonly memory?: string;
  readonly every: number;
  readonly folder: string;
  readonly packmule?: string;
  readonly template?: string;
  readonly dryRun?: boolean;
  readonly out?: string;
}

interface SlurmOptions extends SubmitOptions {
  readonly sbatch: readonly string[];
}

interface KubernetesOptions extends SubmitOptions {
  readonly image: string;
  readonly volume: { readonly claim: string; readonly path: string };
  readonly namespace?: string;
}

export function submitCommand(): Command {
  return new Command('submit')
    .enablePositionalOptions()
    .description(
      'divide the images or cells of a command among the tasks of a cluster, watch them, put the parts together',
    )
    .addCommand(slurmCommand())
    .addCommand(kubernetesCommand())
    .addCommand(templateCommand())
    .addHelpText('after', ABOUT);
}

function slurmCommand(): Command {
  const command = addSubmitOptions(new Command('slurm').description('by an array job of Slurm')).option(
    '--sbatch <option>',
    'an option for sbatch, such as --sbatch=--partition=long; may be given again',
    collect,
    [],
  );
  return defineAction(
    command,
    [
      'packmule submit slurm --tasks 16 refine runs/teeth',
      'packmule submit slurm --tasks 16 --cpus 4 --memory 4G --sbatch=--time=2:00:00 predict runs/teeth --images pool',
      'packmule submit slurm --tasks 9 benchmark data/teeth --labels 5,10,45 --seeds 3',
      'packmule submit slurm --tasks 16 --dry-run refine runs/teeth',
    ],
    async (context, args: string[], options: SlurmOptions) => {
      const cluster = slurm(options.sbatch, await readTemplate(options.template));
      return submit(context, cluster, [process.execPath, resolve(process.argv[1]!)], args, options);
    },
  );
}

function kubernetesCommand(): Command {
  const command = addSubmitOptions(
    new Command('kubernetes').description('by an Indexed Job of Kubernetes (1.29 or later)'),
  )
    .requiredOption('--image <name>', 'a container image in which packmule can be called')
    .requiredOption(
      '--volume <claim:path>',
      'the claim of the volume that holds run and data, and its path, which is the same in the container as here',
      volume,
    )
    .option('--namespace <name>', 'of the job (default: that of kubectl)');
  return defineAction(
    command,
    [
      'packmule submit kubernetes --image registry.example/packmule --volume lab:/lab --tasks 16 refine /lab/runs/teeth',
      'packmule submit kubernetes --image packmule --volume lab:/lab --tasks 16 --out job.yaml refine /lab/runs/teeth',
    ],
    async (context, args: string[], options: KubernetesOptions) => {
      const cluster = kubernetes(options, await readTemplate(options.template));
      return submit(context, cluster, ['packmule'], args, options);
    },
  );
}

const TEMPLATES = { slurm: SLURM_TEMPLATE, kubernetes: KUBERNETES_TEMPLATE };

function templateCommand(): Command {
  const command = new Command('template')
    .description('print the built-in script or manifest, to be changed and given by --template')
    .addArgument(new Argument('<cluster>', 'of which kind of cluster').choices(Object.keys(TEMPLATES)));
  return defineAction(
    command,
    [
      'packmule submit template slurm > ours.sh',
      'packmule submit slurm --template ours.sh --tasks 16 refine runs/teeth',
    ],
    async (_, cluster: keyof typeof TEMPLATES) => {
      const { text } = TEMPLATES[cluster];
      return { text: text.trimEnd(), json: { template: text } };
    },
  );
}

/** The template of the user; undefined for the built-in one. @throws ConfigError where it cannot be read. */
async function readTemplate(path: string | undefined): Promise<Template | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new ConfigError(
      {
        seen: `The template ${path} cannot be read (${cause.message})`,
        need: 'A script or manifest with placeholders',
        fix: 'Check the path; packmule submit template prints the built-in one',
      },
      { cause },
    );
  });
  return { name: path, text };
}

function addSubmitOptions(command: Command): Command {
  return command
    .argument('<command...>', 'the command that is divided')
    .passThroughOptions()
    .requiredOption('--tasks <count>', 'parts of the images or cells', whole(1))
    .option('--retries <count>', 'how often a task that failed is submitted again', whole(0), 2)
    .option('--at-once <count>', 'tasks that run at the same time, at most', whole(1))
    .option('--cpus <count>', 'processor cores of each task', whole(1))
    .option('--memory <size>', 'memory of each task, as the cluster writes it: 4G, 4Gi')
    .option('--every <seconds>', 'between two looks at the tasks', whole(1), 10)
    .option('--folder <folder>', 'where scripts and logs go, a folder that all machines see', 'jobs')
    .option('--packmule <command>', 'how Packmule is called where tasks run')
    .option('--template <file>', 'a script or manifest of your own in place of the built-in one')
    .option('--dry-run', 'print what would be submitted')
    .option('--out <file>', 'write what would be submitted to a file')
    .addHelpText('after', ABOUT);
}

async function submit(
  { observer, signal }: ActionContext,
  cluster: Cluster,
  packmule: readonly string[],
  args: readonly string[],
  options: SubmitOptions,
): Promise<ActionResult> {
  requireDivided(args);
  const { tasks, retries, atOnce, cpus, memory, every } = options;
  const workFolder = process.cwd();
  const name = jobName(args, tasks, workFolder);
  const job: ArrayJob = {
    name,
    tasks,
    args,
    packmule: options.packmule === undefined ? packmule : options.packmule.split(' '),
    workFolder,
    folder: join(resolve(options.folder), name),
    retries,
    needs: { ...(cpus && { cpus }), ...(memory && { memory }), ...(atOnce && { atOnce }) },
  };
  if (options.dryRun || options.out !== undefined) return show(cluster, job, options.out);
  await runArray(cluster, job, { every, observer, signal });
  return gather(args, signal);
}

async function show(cluster: Cluster, job: ArrayJob, out: string | undefined): Promise<ActionResult> {
  const all = Array.from({ length: job.tasks }, (_, i) => i + 1);
  const script = cluster.render(job, all);
  if (out === undefined) return { text: script.trimEnd(), json: { script } };
  await writeFileAtomic(out, script);
  return { text: `Written for ${cluster.name}: ${out}`, json: { script, file: resolve(out) } };
}

/** Does the command itself, in a process of its own, and takes what it prints for the result. */
async function gather(args: readonly string[], signal: AbortSignal): Promise<ActionResult> {
  const child = spawn(process.execPath, [resolve(process.argv[1]!), ...args, '--json'], {
    ...asNode(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exitCode = await new Promise<number>((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done(code ?? 1));
  });
  // Ctrl-C reached it too.
  signal.throwIfAborted();
  const command = commandLine(args);
  const printed = Buffer.concat(chunks).toString().trim();
  if (exitCode === 0)
    return { text: `All parts are done and put together: ${command}`, json: JSON.parse(printed) };
  throw new RunError({
    seen: `All tasks are done, but putting the parts together failed (exit code ${exitCode}): ${printed}`,
    need: 'The command without --shard, which puts them together',
    fix: `Correct what it says, then: ${command}`,
  });
}

function requireDivided(args: readonly string[]): void {
  const [name = ''] = args;
  if (!DIVIDED.includes(name)) {
    const near = nearestName(name, DIVIDED);
    throw new ConfigError({
      seen: `packmule ${name} is not divided among tasks`,
      need: `A command that takes --shard: ${DIVIDED.join(', ')}`,
      fix: near === undefined ? 'Choose one of these' : `Did you mean ${near}?`,
    });
  }
  if (!args.includes('--shard')) return;
  throw new ConfigError({
    seen: 'The command has a --shard of its own',
    need: 'A command without it: each task is given another one',
    fix: 'Leave it out',
  });
}

function volume(text: string): KubernetesOptions['volume'] {
  const [, claim, path] = /^([^:]+):(\/.*)$/.exec(text) ?? [];
  if (claim !== undefined && path !== undefined) return { claim, path };
  throw new InvalidArgumentError('It is no claim with an absolute path, such as lab:/lab.');
}
