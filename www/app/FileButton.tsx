import { useRef } from "preact/hooks";

interface FileButtonProps {
  label: string;
  /** What the file dialog offers. */
  accept: string;
  disabled?: boolean;
  /** What the page is there for. */
  primary?: boolean;
  onFile: (file: File) => void;
}

/** A button that asks for a file. */
export function FileButton(props: FileButtonProps) {
  const { label, accept, disabled = false, primary = false, onFile } = props;
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class={primary ? "primary" : undefined}
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
        {label}
      </button>
      <input
        ref={input}
        type="file"
        accept={accept}
        class="visually-hidden"
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) onFile(file);
          // The same file can be chosen again.
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
