import { type Command, InvalidArgumentError } from 'commander';
import {
  connectControl,
  LabError,
  type LinePeer,
  labFolder,
  labStatus,
  PeerGone,
  renderStatus,
  runLab,
  runScenarios,
} from '../lab/mod.ts';

/** A power-off waits until every process is verified gone; nothing else takes longer. */
const ANSWER_MS = 15_000;

/** `understudy lab`: the one-machine cluster, from a second terminal. */
export function registerLab(program: Command): void {
  const lab = program
    .command('lab')
    .description('a whole cluster on this machine; without a command: starts it and shows it')
    .option(
      '--demo',
      "cuts one node's power, tells what happened, ends; exit status 0: every VM came back exactly once",
    )
    .option('--port <first>', 'NATS listens on this port and the two after it; free ones when not given', portOf)
    .allowExcessArguments()
    .action(async ({ demo, port }: { demo?: true; port?: number }, command: Command) => {
      const [unknown] = command.args;
      if (unknown !== undefined) command.error(`error: no command '${unknown}': see "understudy lab --help"`);
      process.exit(await runLab({ demo: demo === true, port }));
    });
  lab
    .command('run <file...>')
    .description(
      'plays scenario files, each on a lab of its own, in real time; exit status 1: an expectation or invariant failed, ' +
        '2: wrong file, 3: the lab cannot play that',
    )
    .option('--json', 'one JSON object a line, one line a scenario', false)
    .action(async (files: string[], { json }: { json: boolean }) => {
      process.exit(await runScenarios(files, json));
    });
  const onNode = (verb: string, what: string): void => {
    lab
      .command(`${verb} <node>`)
      .description(what)
      .action((node: string) => ask((peer) => peer.request(verb, { node }, ANSWER_MS)));
  };
  const onVm = (verb: string, what: string): void => {
    lab
      .command(`${verb} <vm>`)
      .description(what)
      .action((vm: string) => ask((peer) => peer.request(verb, { vm }, ANSWER_MS)));
  };
  onNode('power-off', 'cuts the power of a node: kills all its processes at once');
  onNode('power-on', 'boots a node again');
  onVm('kill-vm', 'kills the QEMU process of a VM, as a crash would');
  onVm('guest-shutdown', 'presses the power button of a VM');
  lab
    .command('status')
    .description('shows nodes, VMs and the last events')
    .option('--json', 'one JSON object')
    .action((options: { json?: true }) =>
      ask(async (peer) => {
        const status = labStatus.parse(await peer.request('status', {}, ANSWER_MS));
        const columns = process.stdout.columns ?? 120;
        if (options.json) console.log(JSON.stringify(status));
        else console.log(renderStatus(status, columns, process.stdout.isTTY === true).join('\n'));
      }),
    );
  lab
    .command('down')
    .description('takes the lab down: no process and no file is left')
    .action(() =>
      ask(async (peer) => {
        await peer.request('down', {}, ANSWER_MS);
        await peer.closed; // the lab closes its socket last
      }),
    );
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_533) throw new InvalidArgumentError('from 1 to 65533.');
  return port;
}

/** One exchange with the running lab. What the user can mend is one line and exit status 2. */
async function ask(exchange: (peer: LinePeer) => Promise<unknown>): Promise<void> {
  let peer: LinePeer | undefined;
  try {
    peer = await connectControl(labFolder().control);
    await exchange(peer);
  } catch (error) {
    if (!(error instanceof LabError || error instanceof PeerGone)) throw error;
    console.error(`understudy: ${error.message}`);
    process.exitCode = error instanceof LabError ? 2 : 1;
  } finally {
    peer?.close();
  }
}
