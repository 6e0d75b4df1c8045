// The ways to send the first telemetry, with this server's own addresses filled in.

/** What the SDKs of OpenTelemetry read. */
export const sdkText = (otlp: string): string =>
  [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlp}`,
    "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
    "export OTEL_RESOURCE_ATTRIBUTES=service.namespace=shop,deployment.environment.name=production",
  ].join("\n");

/** A part of a Collector's configuration: add felt to the exporters of your pipelines. */
export const collectorText = (otlp: string): string =>
  `exporters:
  otlphttp/felt:
    endpoint: ${otlp}
service:
  pipelines:
    traces:
      exporters: [otlphttp/felt]
    logs:
      exporters: [otlphttp/felt]
    metrics:
      exporters: [otlphttp/felt]`;

/** What a page runs once, and around each thing of value. */
export const pageText = (otlp: string): string =>
  `import { init, withCustomerInteraction } from "@felt/web";

init({ endpoint: "${otlp}", app: "shop" });
await withCustomerInteraction("pay", () => pay(order));`;

/** One customer's try at a checkout, in a shell: each run is another one. */
export const curlText = (otlp: string): string =>
  `hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \\n'; }
at=$(date +%s)
curl -sS ${otlp}/v1/traces -H 'content-type: application/json' -d '{"resourceSpans":[{
  "resource":{"attributes":[
    {"key":"service.name","value":{"stringValue":"web"}},
    {"key":"service.namespace","value":{"stringValue":"shop"}}]},
  "scopeSpans":[{"spans":[{
    "traceId":"'$(hex 16)'","spanId":"'$(hex 8)'","name":"checkout","kind":2,
    "startTimeUnixNano":"'$((at - 1))'000000000","endTimeUnixNano":"'$at'000000000",
    "attributes":[
      {"key":"felt.interaction.name","value":{"stringValue":"checkout"}},
      {"key":"felt.interaction.outcome","value":{"stringValue":"success"}},
      {"key":"user.id","value":{"stringValue":"customer-'$at'"}}]}]}]}]}'`;

/** Customers that do not exist, to see the page at work. */
export const playText = (otlp: string): string =>
  `# a server of its own, with 28 days of history
felt demo
# or made-up customers, sent to this one
felt simulate --to ${otlp}`;
