"use client";

import { useEffect, useState } from "react";
import { createClassifier } from "resnet-web";

export function Photo() {
  const [classifier, setClassifier] = useState();
  const [threads, setThreads] = useState();
  const [top, setTop] = useState([]);
  const [problem, setProblem] = useState("");

  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    async function load() {
      const classifier = await createClassifier({
        weights: "/models/resnet50.safetensors",
        signal,
      });
      if (signal.aborted) return classifier.dispose();
      signal.addEventListener("abort", () => classifier.dispose());
      const { threads } = await classifier.device;
      if (signal.aborted) return;
      setThreads(threads?.count ?? "on the GPU");
      setClassifier(classifier);
    }
    load().catch((error) => {
      if (!signal.aborted) throw error;
    });
    return () => {
      leaving.abort();
      setClassifier(undefined);
    };
  }, []);

  async function classify({ target }) {
    try {
      const { top } = await classifier.classify(target.files[0]);
      setTop(top);
      setProblem("");
    } catch (error) {
      setTop([]);
      setProblem(error.message);
    }
  }

  return (
    <>
      <p>
        <label>
          Photo <input type="file" accept="image/*" disabled={!classifier} onChange={classify} />
        </label>
      </p>
      <p>
        <output>
          {top.map(({ label, probability }) => `${label} ${probability.toFixed(2)}`).join(", ")}
        </output>
      </p>
      <p role="alert">{problem}</p>
      <p id="device">{classifier ? `Threads: ${threads}` : "The model is loading …"}</p>
    </>
  );
}
