/** Whether parts of the page's code were still being built when the page was: `npm start` serves it before it has all of them. */
export const isPartial = Boolean(import.meta.env.VITE_MODULES_TO_COME);
