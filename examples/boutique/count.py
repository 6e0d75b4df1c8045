#!/usr/bin/env python3
"""Counts what examples/boutique/inventory.yaml should find in trace CSVs, without Felt.

Standard library only, and written from the inventory and the definitions alone: it
shares no code with what it checks. Columns: TraceID, SpanID, ParentID, PodName,
OperationName, StartTimeUnixNano, EndTimeUnixNano, Duration.
"""
import collections
import csv
import gzip
import json
import re
import sys

MS = 10**6
# name: (service, pattern, degraded above, failed above), in nanoseconds
STEPS = {
    'home page': ('frontend', r'hipstershop\.ProductCatalogService/ListProducts$', 100 * MS, 10000 * MS),
    'add to cart': ('frontend', r'hipstershop\.CartService/AddItem$', 100 * MS, 10000 * MS),
    'view cart': ('frontend', r'hipstershop\.ShippingService/GetQuote$', 100 * MS, 10000 * MS),
    'prepare order': ('checkoutservice', r'(PrepareOrderItemsAndShippingQuoteFromCart|hipstershop\.CartService/GetCart)$', 1000 * MS, 30000 * MS),
    'charge card': ('paymentservice', r'hipstershop\.PaymentService/Charge$', 50 * MS, 10000 * MS),
    'ship order': ('shippingservice', r'(^|\.)ShippingService/ShipOrder$', 0, 0),
    'confirm by mail': ('emailservice', r'hipstershop\.EmailService/SendOrderConfirmation$', 0, 0),
}
CHECKOUT = ['prepare order', 'charge card', 'ship order', 'confirm by mail']
ONE_STEP = ['home page', 'add to cart', 'view cart']


def service(pod):
    m = re.match(r'(.+?)-[0-9a-f]{8,10}-[a-z0-9]{5}$', pod)
    return m[1] if m else pod


def read(files):
    traces = collections.OrderedDict()
    for name in files:
        with gzip.open(name, 'rt') as f:
            for r in csv.DictReader(f):
                traces.setdefault(r['TraceID'], {})[r['SpanID']] = dict(
                    id=r['SpanID'], parent=r['ParentID'], service=service(r['PodName']), name=r['OperationName'],
                    start=int(r['StartTimeUnixNano']), end=int(r['EndTimeUnixNano']))
    return traces


def ancestors(span, spans):
    seen = set()
    while span['parent'] in spans and span['parent'] not in seen:
        seen.add(span['parent'])
        span = spans[span['parent']]
        yield span


def steps_of(spans):
    """The deciding span of each step of a trace: of those inside no other of the same
    step, the one that ends last."""
    found = {}
    for step, (svc, pattern, slow, broken) in STEPS.items():
        hit = {s['id'] for s in spans.values() if s['service'] == svc and re.search(pattern, s['name'])}
        top = [spans[i] for i in hit if not any(a['id'] in hit for a in ancestors(spans[i], spans))]
        if not top:
            continue
        s = max(top, key=lambda s: (s['end'], s['id']))
        took = s['end'] - s['start']
        outcome = 'failed' if broken and took > broken else 'degraded' if slow and took > slow else 'success'
        found[step] = (outcome, s)
    return found


def checkout(found):
    """The outcome of the checkout journey of a trace; None when it was not begun."""
    tried = sorted((found[s][1]['end'], s) for s in CHECKOUT if s in found)
    if not tried:
        return None
    if 'ship order' not in found:
        return 'abandoned'
    before = [found[s][0] for s in CHECKOUT[:3] if s in found and found[s][1]['end'] <= found['ship order'][1]['end']]
    return 'degraded' if 'degraded' in before else 'success'


def main():
    traces = read(sys.argv[1:])
    steps, journeys = collections.Counter(), collections.Counter()
    operations, edges = collections.Counter(), collections.Counter()
    for spans in traces.values():
        found = steps_of(spans)
        for step, (outcome, _) in found.items():
            steps[f'{step} {outcome}'] += 1
            if step in ONE_STEP:
                journeys[f'{step} {outcome}'] += 1
        whole = checkout(found)
        if whole:
            journeys[f'checkout {whole}'] += 1
        for s in spans.values():
            operations[f"{s['service']} {s['name']}"] += 1
            p = spans.get(s['parent'])
            if p and p['service'] != s['service']:
                edges[f"{p['service']} {s['service']}"] += 1
    json.dump(dict(traces=len(traces), steps=steps, journeys=journeys, operations=operations, edges=edges),
              sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == '__main__':
    main()
