import { readDisk, recordsOfEpoch, witnessViolations } from './witness.ts';

/** What is wrong on a VM's disk, in words: broken promises (G2), another VM's records, sectors that hold no whole record. */
export async function checkDisk(disk: string, vm: string): Promise<string[]> {
  const { records, unreadable } = await readDisk(disk);
  const strangers = new Set(records.map((record) => record.vm).filter((name) => name !== vm));
  return [
    ...unreadable.map((sector) => `${vm}: sector ${sector} of its disk holds something that is no whole record`),
    ...[...strangers].map((name) => `${vm}: ${name} wrote on its disk`),
    ...witnessViolations(records),
  ];
}

/** An epoch in which a VM ran for long enough to have booted. */
export interface BootedEpoch {
  readonly vm: string;
  readonly epoch: number;
}

/** Epochs that left no record although their guests had booted: a check of such disks passes and proves nothing. */
export async function unprovenEpochs(diskOf: (vm: string) => string, booted: Iterable<BootedEpoch>): Promise<string[]> {
  const lines: string[] = [];
  for (const { vm, epoch } of booted) {
    const own = (await recordsOfEpoch(diskOf(vm), epoch)).some((record) => record.vm === vm && record.epoch === epoch);
    if (!own) lines.push(`not proven: ${vm} ran in epoch ${epoch} and its disk holds no record of that`);
  }
  return lines;
}
