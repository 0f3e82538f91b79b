//! Vendors are rows: base URL, usual variable, operations, auth style and quirks, each with its source.

use super::preset::{AuthStyle, Dialect, Extension, Preset};
use crate::operation::Operation::{
    Audio, ChatCompletions, Completions, Embeddings, Images, Moderations, Rerank, Responses,
};

/// An OpenAI-compatible vendor with a bearer key; what differs is written in its row. It knows no extension: OpenAI answers
/// `reasoning` with 400 (<https://github.com/MinLL/SkyrimNet-GamePlugin/issues/451>), many vendors `cache_control`
/// (<https://github.com/routatic/proxy/pull/42>, seen 2026-11-22), and who only ignores them does not do what was asked.
const OPENAI_LIKE: Preset = Preset {
    name: "",
    dialect: Dialect::OpenAi,
    base_url: "",
    env: "",
    operations: &[ChatCompletions],
    auth: AuthStyle::Bearer,
    creator: None,
    no_stream_options: false,
    extensions: &[],
    self_hosted: false,
    otel_name: "",
};

/// Stands in for a preset that is not there, until the mistake is told.
pub static UNKNOWN: Preset = OPENAI_LIKE;

/// Every vendor. `seen` is the day on which the linked page (a stored copy) was read for URL, variable or quirk; the
/// rows without it, and the lists of operations where the page names none, are common knowledge that was not checked
/// against a live provider. OpenTelemetry's names: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/>;
/// a vendor that is not there has our own name.
pub static PRESETS: &[Preset] = &[
    // https://platform.openai.com/docs/api-reference; no rerank.
    Preset {
        name: "openai",
        base_url: "https://api.openai.com/v1",
        env: "OPENAI_API_KEY",
        operations: &[ChatCompletions, Completions, Responses, Embeddings, Moderations, Images, Audio],
        creator: Some("openai"),
        otel_name: "openai",
        ..OPENAI_LIKE
    },
    // https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle (seen 2026-11-22): `/openai/v1` after the resource's host,
    // the deployment as `model`; dated versions: `/openai/deployments/{deployment}/...?api-version=`.
    Preset {
        name: "azure",
        env: "AZURE_OPENAI_API_KEY",
        operations: &[ChatCompletions, Completions, Responses, Embeddings, Images, Audio],
        auth: AuthStyle::Header("api-key"),
        otel_name: "azure.ai.openai",
        ..OPENAI_LIKE
    },
    // https://console.groq.com/docs/openai (seen 2026-11-22)
    Preset {
        name: "groq",
        base_url: "https://api.groq.com/openai/v1",
        env: "GROQ_API_KEY",
        operations: &[ChatCompletions, Responses, Audio],
        otel_name: "groq",
        ..OPENAI_LIKE
    },
    // https://docs.mistral.ai/api. `stream_options` is 422 extra_forbidden, usage is always sent:
    // https://github.com/openai/openai-agents-python/issues/442, https://github.com/TabbyML/tabby/pull/4082
    // (seen 2026-11-22).
    Preset {
        name: "mistral",
        base_url: "https://api.mistral.ai/v1",
        env: "MISTRAL_API_KEY",
        operations: &[ChatCompletions, Embeddings, Moderations, Audio],
        creator: Some("mistral"),
        no_stream_options: true,
        otel_name: "mistral_ai",
        ..OPENAI_LIKE
    },
    // https://docs.x.ai/developers/rest-api-reference/inference (seen 2026-11-22); a wrong key is a 400.
    Preset {
        name: "xai",
        base_url: "https://api.x.ai/v1",
        env: "XAI_API_KEY",
        operations: &[ChatCompletions, Completions, Responses, Images],
        creator: Some("xai"),
        otel_name: "x_ai",
        ..OPENAI_LIKE
    },
    // https://api-docs.deepseek.com (seen 2026-11-22): no `/v1`; completions are at `/beta` only.
    Preset {
        name: "deepseek",
        base_url: "https://api.deepseek.com",
        env: "DEEPSEEK_API_KEY",
        creator: Some("deepseek"),
        otel_name: "deepseek",
        ..OPENAI_LIKE
    },
    // https://docs.together.ai/docs/inference/openai-compatibility (seen 2026-11-22); older: api.together.xyz
    Preset {
        name: "together",
        base_url: "https://api.together.ai/v1",
        env: "TOGETHER_API_KEY",
        operations: &[ChatCompletions, Completions, Embeddings, Images, Audio, Rerank],
        otel_name: "together",
        ..OPENAI_LIKE
    },
    // https://docs.getbifrost.ai/providers/supported-providers/fireworks (seen 2026-11-22); names are `accounts/fireworks/models/...`.
    Preset {
        name: "fireworks",
        base_url: "https://api.fireworks.ai/inference/v1",
        env: "FIREWORKS_API_KEY",
        operations: &[ChatCompletions, Completions, Responses, Embeddings, Rerank],
        otel_name: "fireworks",
        ..OPENAI_LIKE
    },
    // https://openrouter.ai/docs/api-reference/overview (seen 2026-11-22); its names are `creator/model` as well, so
    // `models: {"*": "*"}` fits.
    Preset {
        name: "openrouter",
        base_url: "https://openrouter.ai/api/v1",
        env: "OPENROUTER_API_KEY",
        operations: &[ChatCompletions, Completions, Responses, Embeddings],
        extensions: &[Extension::Reasoning, Extension::CacheControl],
        otel_name: "openrouter",
        ..OPENAI_LIKE
    },
    // https://docs.perplexity.ai/docs/sonar/openai-compatibility (seen 2026-11-22): chat completions without
    // `/v1`. Every chunk of a recorded stream carries usage, asked for or not.
    Preset {
        name: "perplexity",
        base_url: "https://api.perplexity.ai",
        env: "PERPLEXITY_API_KEY",
        creator: Some("perplexity"),
        no_stream_options: true,
        otel_name: "perplexity",
        ..OPENAI_LIKE
    },
    // https://docs.pipecat.ai/api-reference/server/services/llm/cerebras (seen 2026-11-22)
    Preset {
        name: "cerebras",
        base_url: "https://api.cerebras.ai/v1",
        env: "CEREBRAS_API_KEY",
        operations: &[ChatCompletions, Completions],
        otel_name: "cerebras",
        ..OPENAI_LIKE
    },
    // https://deepinfra.com/docs/openai_api (seen 2026-11-22)
    Preset {
        name: "deepinfra",
        base_url: "https://api.deepinfra.com/v1/openai",
        env: "DEEPINFRA_API_KEY",
        operations: &[ChatCompletions, Completions, Embeddings, Images, Audio],
        otel_name: "deepinfra",
        ..OPENAI_LIKE
    },
    // https://docs.tokenfactory.nebius.com/api-reference/introduction (seen 2026-11-22)
    Preset {
        name: "nebius",
        base_url: "https://api.tokenfactory.nebius.com/v1",
        env: "NEBIUS_API_KEY",
        operations: &[ChatCompletions, Completions, Embeddings, Images],
        otel_name: "nebius",
        ..OPENAI_LIKE
    },
    // https://ai-sdk.dev/providers/ai-sdk-providers/moonshotai (seen 2026-11-22); in China: api.moonshot.cn
    Preset {
        name: "moonshotai",
        base_url: "https://api.moonshot.ai/v1",
        env: "MOONSHOT_API_KEY",
        creator: Some("moonshotai"),
        otel_name: "moonshot_ai",
        ..OPENAI_LIKE
    },
    // https://ai-sdk.dev/providers/ai-sdk-providers/zai (seen 2026-11-22); in China: open.bigmodel.cn/api/paas/v4
    Preset {
        name: "zai",
        base_url: "https://api.z.ai/api/paas/v4",
        env: "ZAI_API_KEY",
        creator: Some("zai"),
        otel_name: "zai",
        ..OPENAI_LIKE
    },
    // https://www.alibabacloud.com/help/en/model-studio/embedding-interfaces-compatible-with-openai (seen
    // 2026-11-22): Singapore; Beijing is dashscope.aliyuncs.com, workspaces have hosts of their own. It caches what is
    // marked with `cache_control`: https://help.aliyun.com/en/model-studio/context-cache (seen 2026-11-22).
    Preset {
        name: "alibaba",
        base_url: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        env: "DASHSCOPE_API_KEY",
        operations: &[ChatCompletions, Completions, Embeddings],
        creator: Some("alibaba"),
        extensions: &[Extension::CacheControl],
        otel_name: "alibaba",
        ..OPENAI_LIKE
    },
    // https://www.promptfoo.dev/docs/providers/novita/ (seen 2026-11-22); older: /v3/openai
    Preset {
        name: "novita",
        base_url: "https://api.novita.ai/openai/v1",
        env: "NOVITA_API_KEY",
        operations: &[ChatCompletions, Completions, Embeddings, Rerank],
        otel_name: "novita",
        ..OPENAI_LIKE
    },
    // https://docs.sambanova.ai/docs/en/get-started/api-keys-urls (seen 2026-11-22)
    Preset {
        name: "sambanova",
        base_url: "https://api.sambanova.ai/v1",
        env: "SAMBANOVA_API_KEY",
        operations: &[ChatCompletions, Completions, Embeddings, Audio],
        otel_name: "sambanova",
        ..OPENAI_LIKE
    },
    // https://docs.baseten.co/inference/overview (seen 2026-11-22)
    Preset {
        name: "baseten",
        base_url: "https://inference.baseten.co/v1",
        env: "BASETEN_API_KEY",
        otel_name: "baseten",
        ..OPENAI_LIKE
    },
    // https://docs.getbifrost.ai/providers/supported-providers/ollama (seen 2026-11-22); asks for no key.
    Preset {
        name: "ollama",
        base_url: "http://127.0.0.1:11434/v1",
        operations: &[ChatCompletions, Completions, Responses, Embeddings],
        extensions: &Extension::ALL,
        self_hosted: true,
        otel_name: "ollama",
        ..OPENAI_LIKE
    },
    // vLLM, llama.cpp, LM Studio, ...: what it has is not known, so everything is tried.
    Preset {
        name: "openai-compatible",
        operations: &[ChatCompletions, Completions, Responses, Embeddings, Moderations, Images, Audio, Rerank],
        extensions: &Extension::ALL,
        self_hosted: true,
        otel_name: "openai-compatible",
        ..OPENAI_LIKE
    },
    // https://docs.claude.com/en/api/overview
    Preset {
        name: "anthropic",
        dialect: Dialect::Anthropic,
        base_url: "https://api.anthropic.com/v1",
        env: "ANTHROPIC_API_KEY",
        auth: AuthStyle::Header("x-api-key"),
        creator: Some("anthropic"),
        otel_name: "anthropic",
        ..OPENAI_LIKE
    },
    // https://ai.google.dev/api
    Preset {
        name: "google",
        dialect: Dialect::Gemini,
        base_url: "https://generativelanguage.googleapis.com/v1beta",
        env: "GEMINI_API_KEY",
        operations: &[ChatCompletions, Embeddings],
        auth: AuthStyle::Header("x-goog-api-key"),
        creator: Some("google"),
        otel_name: "gcp.gemini",
        ..OPENAI_LIKE
    },
    // https://cloud.google.com/vertex-ai/docs/reference/rest; short-lived tokens only.
    Preset {
        name: "vertex",
        dialect: Dialect::Vertex,
        base_url: "https://{location}-aiplatform.googleapis.com/v1",
        operations: &[ChatCompletions, Embeddings],
        creator: Some("google"),
        otel_name: "gcp.vertex_ai",
        ..OPENAI_LIKE
    },
    // https://docs.claude.com/en/api/claude-on-vertex-ai
    Preset {
        name: "vertex-anthropic",
        dialect: Dialect::VertexAnthropic,
        base_url: "https://{location}-aiplatform.googleapis.com/v1",
        creator: Some("anthropic"),
        otel_name: "gcp.vertex_ai",
        ..OPENAI_LIKE
    },
    // https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html (seen 2026-11-22)
    Preset {
        name: "bedrock",
        dialect: Dialect::Bedrock,
        base_url: "https://bedrock-runtime.{region}.amazonaws.com",
        env: "AWS_BEARER_TOKEN_BEDROCK",
        operations: &[ChatCompletions, Embeddings],
        otel_name: "aws.bedrock",
        ..OPENAI_LIKE
    },
    // https://docs.cohere.com/reference/about
    Preset {
        name: "cohere",
        dialect: Dialect::Cohere,
        base_url: "https://api.cohere.com/v2",
        env: "COHERE_API_KEY",
        operations: &[ChatCompletions, Embeddings, Rerank],
        creator: Some("cohere"),
        otel_name: "cohere",
        ..OPENAI_LIKE
    },
];
