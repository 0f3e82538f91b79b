// OpenAI's own SDK for Node (see calls.mjs).
import OpenAI, { toFile } from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { serve } from "./calls.mjs";

function native(params) {
  const { text_format: told, ...others } = params;
  if (!told) return params;
  const fields = told.shape.map((name) => [name, z.string()]);
  return { ...others, text: { format: zodTextFormat(z.object(Object.fromEntries(fields)), told.name) } };
}

await serve(({ url, key, ...options }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, ...options }), toFile, native);
