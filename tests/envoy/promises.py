"""What Tollgate promises about endpoints, options, errors and safety, sentence by sentence, with the tests that show it.

`file::test` is in this folder unless it ends in `.rs`: then it is a native test, relative to the repository.
"""

OPTIONS, HEADERS, WHERE = "test_options_table", "test_options_headers", "test_options_where"

CALLS = {
    "Chat completions, completions, responses, embeddings, moderations, images, audio and rerank go to the provider as they are": [
        "test_gateway_body::test_every_json_endpoint_goes_to_its_own_path",
        "test_gateway_body::test_only_the_spans_of_model_and_options_change",
        f"{WHERE}::test_the_gateways_options_hold_at_every_json_endpoint",
        f"{WHERE}::test_an_endpoint_that_no_provider_of_the_model_has_is_400",
    ],
    "The model of a multipart body is its field `model`": [
        "test_gateway_body::test_the_model_of_a_form_before_and_after_a_20_mb_file",
        "test_gateway_body::test_a_form_without_a_model_is_400",
    ],
    "They are metered where usage is reported": ["test_metrics::test_values", "test_streams::test_an_answer_without_usage_is_counted"],
    "GET /v1/models lists only what the caller may use, and ids have slashes": [
        "test_gateway::test_models_are_those_that_the_caller_may_use",
        "test_gateway::test_one_model_by_any_of_its_names",
        "test_gateway::test_a_model_that_is_not_there_or_not_for_this_caller_is_unknown",
    ],
    "Models are listed in each client's shape, with what the configuration knows, and who serves them": [
        "test_origin_models::test_the_list_in_anthropics_shape_and_its_pages",
        "test_origin_models::test_the_ai_sdks_list_by_version",
        "test_origin_models::test_the_endpoints_of_a_model_are_the_callers",
    ],
    "A generation is found from any worker by the key that made it; credits are honest, reports are Prometheus's": [
        "test_origin_generation::test_every_one_is_found_from_any_worker",
        "test_origin_generation::test_another_key_finds_nothing",
        "test_origin_models::test_credits_are_none_and_reports_are_prometheus_to_make",
    ],
    "HEAD / and OPTIONS are 200": ["test_gateway::test_probes_need_no_key"],
    "Anything else, and what is not served yet, is 404 in the client's error shape": [
        "test_gateway::test_anything_else_is_404_in_openais_shape",
    ],
    "A model is found by its name, an alias, or a provider's own name where one creator matches; else 404 with the nearest names": [
        "test_gateway_routing::test_names_lead_to_a_model",
        "test_gateway_routing::test_what_leads_to_no_model_is_404_with_the_nearest_names",
        "test_gateway_routing::test_the_nearest_names_are_those_that_the_caller_may_use",
    ],
    "providerOptions.gateway is read in all JSON bodies, models and provider in chat completions": [
        f"{OPTIONS}::test_every_option",
        f"{WHERE}::test_the_gateways_options_hold_at_every_json_endpoint",
        f"{WHERE}::test_outside_of_chat_models_and_provider_are_the_providers_business",
    ],
    "x-tollgate-key counts alone, else the first known key of Authorization, x-api-key, api-key, else the identity": [
        "test_gateway::test_a_key_in_any_of_the_usual_headers",
        f"{HEADERS}::test_the_order_of_the_key_headers_is_ours_not_the_clients",
        "test_gateway::test_identities_of_a_filter_before_us_and_anonymous_callers",
    ],
    "Each header that steers has its effect, and a value that means nothing is refused": [
        f"{HEADERS}::test_every_header",
        f"{HEADERS}::test_the_documentation_lists_every_header",
        f"{WHERE}::test_a_named_conversation_keeps_its_target",
        f"{HEADERS}::test_headers_and_body_say_who_asks",
    ],
    "x-tollgate-fallback: off is the first target, still tried once more": [f"{HEADERS}::test_a_plan_of_one_is_tried_twice_and_nobody_else_is"],
    "x-tollgate-explain: 1 shows the plan, unless only the minimum is exposed": [
        f"{HEADERS}::test_every_header",
        f"{HEADERS}::test_the_plan_of_a_request_that_failed_is_shown_too",
        "test_gateway::test_expose_minimal_names_no_provider",
        "test_gateway::test_expose_minimal_names_no_provider_in_messages",
    ],
    "No routing option is ever ignored: honoured, a filter by labels, or 400 by name": [
        f"{OPTIONS}::test_every_option",
        f"{OPTIONS}::test_every_option_of_responses",
        f"{OPTIONS}::test_options_together",
        f"{OPTIONS}::test_what_is_refused_together",
        f"{OPTIONS}::test_the_documentation_lists_every_option",
        f"{WHERE}::test_fields_of_providers_pass_as_they_are_and_are_no_options",
    ],
    "Errors of every kind carry whose fault they are and the id of the request": [
        "test_recorded_errors::test_the_client_sees_the_row_of_the_table",
        "test_fallback_end::test_the_end_of_a_plan",
        "test_gateway::test_anything_else_is_404_in_openais_shape",
    ],
    "What cannot succeed by repeating says so; a wait is told on 429, 503 and 529 only, up to 60 s, a longer one in the message": [
        "test_retry_headers::test_the_headers_of_a_failure",
        "test_retry_headers::test_a_refusal_is_not_worth_a_second_try",
        "test_fallback_end::test_all_limited_says_when_the_first_of_them_is_free",
    ],
}

SAFETY = {
    "Default deny": [
        "test_gateway::test_no_known_key_is_401",
        "test_gateway::test_a_model_that_the_group_may_not_use_is_403",
        "test_gateway::test_the_list_needs_a_key_too",
        "test_config::test_a_document_that_nobody_could_call_is_refused",
    ],
    "Keys are compared by SHA-256": ["test_safety::test_only_the_key_itself_is_the_key"],
    "A client's credentials never leave, in a header or in the query": [
        "test_gateway_head::test_what_of_the_clients_head_reaches_a_provider",
        "test_gateway_head::test_the_query_loses_its_keys_and_nothing_else",
        "test_gateway::test_a_key_in_any_of_the_usual_headers",
        "test_fallback::test_the_third_provider_answers",
    ],
    "A caller's own provider credential is not accepted yet": [f"{HEADERS}::test_every_header", f"{OPTIONS}::test_every_option"],
    "A provider's secret goes to that provider only": [
        "test_isolation_cluster::test_d3_no_provider_gets_anothers_key",
        "test_isolation_cluster::test_d3_a_matcher_map_that_leads_to_another_provider",
    ],
    "It never appears in a log, an error, a header or a debug print": [
        "test_secrets::test_no_canary_is_seen_from_outside",
        "test_fallback::test_no_secret_of_a_provider_is_in_envoys_log_even_at_debug",
        "test_config::test_a_secret_in_a_refused_document_is_not_told",
        "src/config/secret.rs::no_debug_print_shows_a_secret",
        "src/dialect/openai/error/tests.rs::a_providers_echo_of_our_secret_is_taken_out",
    ],
    "One that stands in the document shows in /config_dump, and a warning says so": ["test_config::test_a_secret_written_in_the_document_is_seen_nowhere"],
    "A model name that goes into a URL is checked segment by segment": ["test_safety::test_a_models_name_is_one_segment_of_a_path", "test_safety::test_a_models_name_that_is_no_path_is_unknown"],
    "Header values are validated": [
        "src/dialect/edits/tests.rs::a_secret_that_is_no_header_value_is_not_sent",
        "test_isolation_headers::test_d2_odd_values_in_a_clients_header",
        "test_isolation_headers::test_d2_odd_values_in_a_providers_header",
    ],
    "x-envoy-* control headers of a client are removed before ours are set": ["test_safety::test_a_client_does_not_control_envoy"],
    "Bodies over the limit get 413 and nothing is lost": [
        "test_gateway_body::test_exactly_the_limit_passes_and_one_byte_more_does_not",
        "test_gateway_body::test_far_above_the_limit_is_413_too",
        "test_gateway_body::test_413_leaves_a_clients_connection_in_order",
        "test_gateway_body::test_413_over_http2_is_one_stream_only",
    ],
    "Any bytes at all from a client or a provider cannot panic the VM": [
        "test_bad_input::test_by_hand",
        "test_bad_input::test_random",
        "test_isolation_headers::test_d2_every_byte_in_all_headers_at_once",
        "tests/boundary.rs::unsafe_stands_in_the_host_layer_only",
    ],
    "A provider's own x-tollgate-* headers are removed first": ["test_fallback::test_a_providers_own_control_headers_do_nothing"],
    "Upgrades and CONNECT are refused at the headers": [
        "test_isolation_clients::test_d12_upgrades_are_refused",
        "test_isolation_clients::test_d12_connect_is_refused",
    ],
    "Compressed request bodies are 415, unless Envoy's decompressor stands before us": [
        "test_gateway_body::test_compressed_bodies_are_415",
        "test_isolation_trailers::test_a_compressed_body_without_the_decompressor_is_415",
        "test_isolation_trailers::test_d4_a_body_that_ends_unseen_gets_the_whole_treatment",
    ],
    "The example bounds the time of an upload": [
        "test_example::test_requests_that_no_filter_sees_get_a_json_error",
        "test_isolation_clients::test_d12_an_upload_that_is_too_slow_is_ended",
    ],
    "The example reloads a crashed VM after 50 ms in both roles, so the next request gets a fresh one": [
        "test_example::test_every_plugin_waits_at_the_headers_and_reloads_after_a_crash",
        "test_isolation_reload::test_the_next_request_gets_a_fresh_vm",
    ],
    "It never fails open": ["test_isolation_reload::test_without_a_vm_nothing_gets_past", "test_isolation_vm::test_d7_a_role_in_another_vm_sends_nothing"],
}
