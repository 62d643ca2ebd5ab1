#!/usr/bin/env node
// A kubectl whose cluster is this machine: `create` does the indices of a Job one after the other, as a cluster of one
// node would. FAKE_CLUSTER is the folder in which it keeps the job and what its pods print.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const args = process.argv.slice(2);
const at = (name) => join(process.env.FAKE_CLUSTER, name);
appendFileSync(at('calls.txt'), `${args.join(' ')}\n`);
const option = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);

function create(path) {
  if (existsSync(at('job.json'))) return fail('Error from server (AlreadyExists): jobs.batch already exists');
  const job = parse(readFileSync(path, 'utf8'));
  const [container] = job.spec.template.spec.containers;
  const [done, failed] = [[], []];
  for (let index = 0; index < job.spec.completions; index++) {
    let code = 1;
    for (let tries = 0; code !== 0 && tries <= job.spec.backoffLimitPerIndex; tries++) {
      const [program, ...rest] = container.command;
      const env = { ...process.env, JOB_COMPLETION_INDEX: String(index) };
      const pod = spawnSync(program, rest, { cwd: container.workingDir, env, encoding: 'utf8' });
      code = pod.status;
      appendFileSync(at(`pod-${index}.txt`), pod.stdout + pod.stderr);
      if (job.spec.podFailurePolicy.rules[1].onExitCodes.values.includes(code)) break;
    }
    (code === 0 ? done : failed).push(index);
  }
  const status = { completedIndexes: done.join(','), failedIndexes: failed.join(',') };
  writeFileSync(at('job.json'), JSON.stringify({ ...job, status }));
  process.stdout.write(`job.batch/${job.metadata.name}\n`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

if (args[0] === 'create') create(option('filename'));
else if (args[0] === 'get') process.stdout.write(readFileSync(at('job.json')));
else if (args[0] === 'delete') rmSync(at('job.json'));
else if (args[0] === 'logs') {
  process.stdout.write(readFileSync(at(`pod-${/completion-index=(\d+)/.exec(option('selector'))[1]}.txt`)));
} else fail(`unknown command ${args[0]}`);
