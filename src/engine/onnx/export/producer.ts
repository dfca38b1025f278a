/** The version that an exported model says has written it: that of this package. */
export const VERSION = '0.1.0';
