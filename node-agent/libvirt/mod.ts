export { type DirectKernel, type DomainTemplate, directKernelDomain } from './domain-xml.ts';
export { LibvirtHypervisor } from './libvirt-hypervisor.ts';
export { qemuPidFolder, type SessionDaemon, startSessionDaemon } from './libvirtd.ts';
