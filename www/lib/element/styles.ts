/**
 * The element's looks, which pages change by its parts and these custom properties. The text has the page's colour, and the others are
 * seen on a light and on a dark page.
 */
export const STYLES = `
:host {
  --resnet-accent: #2f6fdb;
  --resnet-line: currentColor;
  display: block;
  max-inline-size: 30rem;
  font: inherit;
}
:host([hidden]), [hidden] { display: none; }
[part="drop-zone"] {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem;
  align-items: center;
  justify-content: center;
  padding: 1rem;
  border: 2px dashed var(--resnet-line);
  border-radius: 0.5rem;
}
:host([data-dragging]) [part="drop-zone"] { border-color: var(--resnet-accent); }
[part="image"] { max-inline-size: 100%; max-block-size: 20rem; flex-basis: 100%; object-fit: contain; }
[part="button"] { font: inherit; padding: 0.4rem 0.8rem; cursor: pointer; }
[part="button"]:focus-visible { outline: 2px solid var(--resnet-accent); outline-offset: 2px; }
[part="progress"] { inline-size: 100%; margin-block-start: 0.5rem; accent-color: var(--resnet-accent); }
[part="status"], [part="error"] { margin-block: 0.5rem 0; min-block-size: 1.4em; }
[part="error"] { padding-inline-start: 0.5rem; border-inline-start: 0.25rem solid #d93a2b; font-weight: 600; }
[part="error"]:empty { margin: 0; min-block-size: 0; border: 0; }
[part="results"] { list-style: none; margin: 0.5rem 0 0; padding: 0; }
[part="result"] {
  display: grid;
  grid-template-columns: 1fr auto;
  column-gap: 1rem;
  margin-block-start: 0.4rem;
}
[part="probability"] { font-variant-numeric: tabular-nums; }
[part="bar"] {
  grid-column: 1 / -1;
  block-size: 0.3rem;
  inline-size: calc(100% * var(--probability));
  background: var(--resnet-accent);
  border-radius: 0.15rem;
}
`;
