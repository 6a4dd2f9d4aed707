/** While a file of this name is in a node's folder, its storage link counts as cut. */
export const STORAGE_CUT = 'storage-link-down';
