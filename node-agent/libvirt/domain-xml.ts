import type { VmSpec } from '#ports';

/** Makes the XML of a VM's persistent domain. Must contain what `leaseMetadata` returns. */
export type DomainTemplate = (spec: VmSpec, epoch: number) => string;

export interface DirectKernel {
  readonly qemu: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly accelerator: 'kvm' | 'tcg';
  /** Told to the guest on its kernel command line, with the VM and the epoch. */
  readonly node: string;
  /**
   * False switches off QEMU's own lock on the disk: then nothing but the lease protocol keeps two copies apart, and the
   * guests' records prove whether it does. True for everything but a lab.
   */
  readonly diskLock: boolean;
  /** File that gets the guest's console; absent: none. */
  readonly consoleFolder?: string;
}

/** Domains that boot a kernel directly from a file, with one raw virtio disk. */
export function directKernelDomain(options: DirectKernel): DomainTemplate {
  const { qemu, kernel, initrd, accelerator, node, diskLock, consoleFolder } = options;
  return (spec, epoch) => {
    const witness = `understudy.vm=${spec.vm} understudy.epoch=${epoch} understudy.node=${node}`;
    const console =
      consoleFolder === undefined
        ? ''
        : `<serial type='file'><source path='${escaped(`${consoleFolder}/${spec.vm}.console`)}'/></serial>`;
    return `<domain type='${accelerator === 'kvm' ? 'kvm' : 'qemu'}'>
<name>${spec.vm}</name>
${leaseMetadata(epoch)}
<memory unit='MiB'>${spec.memoryMiB}</memory>
<vcpu>${spec.cpus}</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>${escaped(kernel)}</kernel><initrd>${escaped(initrd)}</initrd>
<cmdline>console=ttyS0 quiet panic=-1 ${escaped(witness)}</cmdline></os>
<features><acpi/>${accelerator === 'tcg' ? "<tcg><tb-cache unit='MiB'>32</tb-cache></tcg>" : ''}</features>
<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
<devices><emulator>${escaped(qemu)}</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw' cache='writethrough'/>
<source file='${escaped(spec.disk)}'/><target dev='vda' bus='virtio'/>${diskLock ? '' : '<shareable/>'}</disk>
<controller type='usb' model='none'/><memballoon model='none'/><panic model='isa'/>${console}</devices>
</domain>`;
  };
}

/** The lease epoch, kept by libvirt with the domain. */
export function leaseMetadata(epoch: number): string {
  return `<metadata><understudy:lease xmlns:understudy='urn:understudy:lease' epoch='${epoch}'/></metadata>`;
}

/** The epoch in a domain's XML; undefined for a domain that is not ours. */
export function leaseEpoch(xml: string): number | undefined {
  const text = /<understudy:lease\s[^>]*epoch=['"](\d+)['"]/.exec(xml)?.[1];
  return text === undefined ? undefined : Number(text);
}

/** The same domain under another lease epoch. Throws `RangeError` for one that is not ours. */
export function withLeaseEpoch(xml: string, epoch: number): string {
  if (leaseEpoch(xml) === undefined) throw new RangeError('no lease in this domain');
  return xml.replace(/(<understudy:lease\s[^>]*epoch=['"])\d+/, `$1${epoch}`);
}

function escaped(text: string): string {
  return text.replace(/[<>&'"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
