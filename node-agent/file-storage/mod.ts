export type { AreaSize } from './area-layout.ts';
export { createArea } from './create-area.ts';
export { AreaFull, SectorCorrupt, StoreRefused } from './errors.ts';
export type { FileSharedStorage } from './file-shared-storage.ts';
export { markerGate } from './marker-gate.ts';
export { type FileStorageOptions, openFileStorage } from './open-file-storage.ts';
