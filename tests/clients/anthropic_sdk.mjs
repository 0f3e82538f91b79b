// Anthropic's own SDK for Node (see calls.mjs).
import Anthropic, { toFile } from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";
import { serve } from "./calls.mjs";

// Python's SDK takes a class as `output_format`.
function native(params) {
  if (!params.output_format?.shape) return params;
  const { output_format, ...others } = params;
  const shape = z.object(Object.fromEntries(output_format.shape.map((name) => [name, z.string()])));
  return { ...others, output_config: { format: zodOutputFormat(shape) } };
}

await serve(({ url, key, ...options }) => new Anthropic({ baseURL: url, apiKey: key, ...options }), toFile, native);
