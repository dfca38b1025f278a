/** Names of files that are no data, wherever they lie. */

const notData = new Set(['Thumbs.db', 'desktop.ini', '__MACOSX']);

/** Whether it is hidden, or a file that desktops leave behind. */
export const isHidden = (name: string): boolean => name.startsWith('.') || notData.has(name);
