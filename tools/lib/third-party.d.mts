/** The notices of all packages whose code is in the built page, as one text. */
export function thirdPartyText(): string;
