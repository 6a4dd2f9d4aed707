import { playDemo } from './demo.ts';
import { Lab } from './lab.ts';
import { LabError } from './lab-error.ts';
import { labFolder } from './lab-folder.ts';
import { defaultPlan } from './lab-plan.ts';
import { LabScreen } from './lab-screen.ts';

/**
 * `npm run lab`: starts the cluster, shows it until Ctrl-C or `lab down`, takes it down. With `demo` it cuts one node's
 * power instead and ends. Resolves with the exit status: 2 for what the user can mend, said in one line.
 */
export async function runLab({ demo }: { readonly demo: boolean }): Promise<number> {
  const beganMs = performance.now();
  const screen = new LabScreen(process.stdout);
  const say = (line: string): void => {
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    if (!screen.isLive) screen.line(line === '' ? '' : `${seconds.padStart(6)} s  ${line}`);
  };
  let lab: Lab | undefined;
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('interrupted'));
  });
  try {
    lab = new Lab({ folder: labFolder(), plan: defaultPlan(), say });
    const running = lab;
    const started = (async () => {
      await running.start();
      await running.startVms();
      say(`the cluster runs: ${running.status().vms.length} VMs have booted`);
    })();
    if ((await Promise.race([started, interrupted, lab.asked])) === 'interrupted') {
      await started.catch(() => undefined); // an end in the middle of a start would miss what is just beginning
      return 130;
    }
    if (demo) return (await playDemo(lab, say)) ? 0 : 1;
    screen.live(() => running.status());
    await Promise.race([interrupted, lab.asked]);
    return 0;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    screen.end();
    console.error(`understudy: ${error.message}`);
    return 2;
  } finally {
    screen.end();
    if (lab !== undefined) {
      say('taking everything down');
      await lab.end();
    }
  }
}
