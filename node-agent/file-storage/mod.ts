export { StoreRefused } from './compare-and-write-probe.ts';
export { FileSharedStorage } from './file-shared-storage.ts';
