"""Cuts layers and MLP neurons out of the teacher, without any training.

    python shrink.py --layers 24 --neurons 512 --out .work/student

Neurons are removed one by one. Each time it is the neuron whose loss the others can compensate best: optimal brain surgeon over the columns
of down_proj (Kurtic et al. 2023, ZipLM), with the activations of the layers shrunk so far. Layers to drop are chosen greedily by the KL
divergence from the teacher on the calibration episodes. Needs torch, transformers, safetensors.
"""
import argparse, copy, json, math, time
from pathlib import Path
import torch
import torch.nn.functional as F
from transformers import LlamaForCausalLM

here = Path(__file__).parent / '.work'


def batches(episodes, tokens=2048):
    """Episodes of similar length, padded to each other: (ids, real, answer)."""
    groups, group = [], []
    for episode in sorted(episodes, key=lambda e: len(e['tokens'])):
        if group and (len(group) + 1) * len(episode['tokens']) > tokens:
            groups.append(group)
            group = []
        group.append(episode)
    for group in groups + [group]:
        width = max(len(e['tokens']) for e in group)
        ids = torch.zeros(len(group), width, dtype=torch.long)
        real = torch.zeros(len(group), width, dtype=torch.bool)
        answer = torch.zeros(len(group), width, dtype=torch.bool)
        for row, episode in enumerate(group):
            ids[row, : len(episode['tokens'])] = torch.tensor(episode['tokens'])
            real[row, : len(episode['tokens'])] = True
            for start, end in episode['answers']:
                answer[row, start : min(end, len(episode['tokens']))] = True
        yield ids, real, answer


@torch.inference_mode()
def teacher_logits(model, episodes):
    return [(ids, real, answer, F.log_softmax(model(ids).logits[:, :-1].float(), -1).half()) for ids, real, answer in batches(episodes)]


@torch.inference_mode()
def measure(model, known):
    """Mean over tokens of KL(teacher, model), and mean cross entropy of the answers' tokens, in nats."""
    kl = ce = tokens = answers = 0
    for ids, real, answer, wanted in known:
        logs = F.log_softmax(model(ids).logits[:, :-1].float(), -1)
        wanted = wanted.float()
        each = (wanted.exp() * (wanted - logs)).sum(-1)
        mask = real[:, 1:]
        kl += each[mask].sum().item()
        tokens += mask.sum().item()
        picked = logs.gather(-1, ids[:, 1:, None])[..., 0]
        ce -= picked[answer[:, 1:]].sum().item()
        answers += answer.sum().item()
    return kl / tokens, ce / answers


def drop_layers(model, count, known, log):
    """Greedily drops the layer whose absence changes the teacher's distribution least. Candidates are the best of the last round."""
    candidates = None
    while len(model.model.layers) > count:
        layers = list(model.model.layers)
        scores = []
        for at in range(len(layers)) if candidates is None else candidates:
            set_layers(model, layers[:at] + layers[at + 1 :])
            scores.append((measure(model, known)[0], at))
        scores.sort()
        kl, at = scores[0]
        # The next round considers only the layers that were cheap in this one.
        candidates = [a - (a > at) for _, a in scores[1:9]]
        set_layers(model, layers[:at] + layers[at + 1 :])
        log(f'dropped layer {layers[at].original}: KL {kl:.3f} with {len(model.model.layers)} layers')


def set_layers(model, layers):
    model.model.layers = torch.nn.ModuleList(layers)
    model.config.num_hidden_layers = len(layers)
    for at, layer in enumerate(layers):
        layer.self_attn.layer_idx = at


@torch.inference_mode()
def prune_neurons(model, neurons, episodes, log):
    # The states of all episodes pass through the layers one by one. Each layer is shrunk for the output of the shrunk layers before it.
    states = [(*first_layer_inputs(model, ids), real.reshape(-1)) for ids, real, _ in batches(episodes)]
    for at, layer in enumerate(model.model.layers):
        mlp = layer.mlp
        width = mlp.down_proj.in_features
        gram = torch.zeros(width, width)
        flat = None

        def collect(_module, inputs, _output):
            x = inputs[0].reshape(-1, width)[flat]
            gram.addmm_(x.T, x)

        handle = mlp.down_proj.register_forward_hook(collect)
        for hidden, options, flat in states:
            layer(hidden, **options)
        handle.remove()
        kept, down = surgeon(mlp.down_proj.weight, gram, neurons)
        mlp.gate_proj = linear(mlp.gate_proj.weight[kept])
        mlp.up_proj = linear(mlp.up_proj.weight[kept])
        mlp.down_proj = linear(down)
        states = [(layer(hidden, **options), options, flat) for hidden, options, flat in states]
        log(f'layer {at}: {neurons} of {width} neurons')
    model.config.intermediate_size = neurons


def first_layer_inputs(model, ids):
    """The arguments of the first layer: hidden states and keyword arguments, which are the same for every layer."""
    caught = []

    def catch(_module, args, kwargs):
        caught.append((args[0], kwargs))
        raise StopIteration

    handle = model.model.layers[0].register_forward_pre_hook(catch, with_kwargs=True)
    try:
        model.model(ids, use_cache=False)
    except StopIteration:
        pass
    finally:
        handle.remove()
    return caught[0]


def surgeon(weight, gram, keep):
    """The columns of weight [out, in] to keep, and their new values."""
    weight = weight.double().clone()
    gram = gram.double()
    gram += torch.eye(len(gram)) * gram.diagonal().mean() * 0.01
    inverse = torch.linalg.inv(gram)
    alive = torch.ones(len(gram), dtype=torch.bool)
    while (surplus := int(alive.sum()) - keep) > 0:
        cost = (weight ** 2).sum(0) / inverse.diagonal()
        cost[~alive] = math.inf
        # A few at a time: one by one would hardly choose better and would take long.
        gone = cost.topk(min(8, surplus), largest=False).indices
        rows = torch.linalg.solve(inverse[gone][:, gone], inverse[gone])
        weight -= weight[:, gone] @ rows
        inverse -= inverse[:, gone] @ rows
        alive[gone] = False
        weight[:, gone] = 0
        inverse[gone, gone] = 1
    return alive, weight[:, alive].float()


def linear(weight):
    module = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    module.weight = torch.nn.Parameter(weight.clone(), requires_grad=False)
    return module


if __name__ == '__main__':
    options = argparse.ArgumentParser()
    options.add_argument('--layers', type=int, default=30)
    options.add_argument('--neurons', type=int, default=1536)
    options.add_argument('--out')
    options.add_argument('--threads', type=int, default=2)
    options.add_argument('--drop', help='layers to drop, by number: instead of choosing them')
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    started = time.time()
    log = lambda text: print(f'{time.time() - started:6.0f} s  {text}', flush=True)
    episodes = json.loads((here / 'calibration.json').read_text())
    held, seen = episodes[:80], episodes[80:]
    model = LlamaForCausalLM.from_pretrained(here / 'teacher', dtype=torch.float32)
    for at, layer in enumerate(model.model.layers):
        layer.original = at
    known = teacher_logits(model, held)
    log('teacher: KL %.3f, answers %.3f' % measure(model, known))
    if options.drop:
        gone = {int(at) for at in options.drop.split(',')}
        set_layers(model, [layer for layer in model.model.layers if layer.original not in gone])
        log('layers dropped: KL %.3f, answers %.3f' % measure(model, known))
    else:
        drop_layers(model, options.layers, teacher_logits(model, held[:10]), log)
        log('layers dropped: KL %.3f, answers %.3f' % measure(model, known))
    if options.neurons < 1536:
        prune_neurons(model, options.neurons, seen, log)
        log('neurons pruned: KL %.3f, answers %.3f' % measure(model, known))
    size = sum(p.numel() for p in model.parameters())
    log(f'{size / 1e6:.1f} million parameters, {size * 4.5 / 8e6:.1f} MB in Q4_0')
    if options.out:
        model.save_pretrained(options.out)
        for name in ('tokenizer.json', 'tokenizer_config.json'):
            Path(options.out, name).write_bytes((here / 'teacher' / name).read_bytes())
