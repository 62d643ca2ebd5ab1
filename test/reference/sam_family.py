"""Outputs of the original MobileSAM and SAM-HQ for small random weights, as fixtures of Packmule's tests.

    python3 sam_family.py MODEL CHECKOUT OUT      MODEL: mobile-sam, sam-hq-vit or sam-hq-tiny

See README.md. The folder OUT gets what `npm run golden -- sam OUT` reads.
"""
import importlib
import json
import math
import sys
import types
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

IMAGE_SIZE = 96
GRID = IMAGE_SIZE // 16
WIDTH = 16
# Height and width: resized by no whole number, and padded.
ORIGINAL = (75, 53)

# With which every mask has both kinds of pixels.
SEEDS = {'mobile-sam': 1, 'sam-hq-vit': 3, 'sam-hq-tiny': 3}

# Grids of 12, 6 and 6 places: windows of 5 and 4 are padded, a window of 6 is the whole grid.
TINY_VIT = dict(
    embed_dims=[8, 12, 16, 24],
    depths=[2, 1, 2, 1],
    num_heads=[1, 2, 4, 3],
    window_sizes=[5, 5, 6, 4],
)


def stub(name, **members):
    """A module of the given members, so that what the original imports and does not need here is not missed."""
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module
    return module


class DropPath(nn.Module):
    """Does nothing in inference."""

    def __init__(self, drop_prob=None):
        super().__init__()

    def forward(self, x):
        return x


def stub_libraries():
    for name in ('timm', 'timm.models', 'torchvision', 'torchvision.transforms'):
        stub(name)
    stub(
        'timm.models.layers',
        DropPath=DropPath,
        to_2tuple=lambda x: (x, x),
        trunc_normal_=lambda tensor, std: tensor.data.normal_(0, std),
    )
    stub('timm.models.registry', register_model=lambda build: build)
    stub(
        'torchvision.transforms.functional',
        to_pil_image=Image.fromarray,
        resize=lambda image, size: image.resize(size[::-1], Image.BILINEAR),
    )


def load_original(checkout, package):
    """The original's modules `modeling` and `predictor`, without what its own __init__ imports besides.

    TinyViT has the 64 x 64 places of its published input written into it; they are replaced as it is loaded.
    """
    root = Path(checkout) / package
    stub(package).__path__ = [str(root)]
    file = root / 'modeling' / 'tiny_vit_sam.py'
    source = file.read_text()
    places = '64, 64, '
    assert places in source, 'another version of the original'
    tiny_vit = stub(f'{package}.modeling.tiny_vit_sam')
    exec(compile(source.replace(places, f'{GRID}, {GRID}, '), str(file), 'exec'), tiny_vit.__dict__)
    return importlib.import_module(f'{package}.modeling'), importlib.import_module(f'{package}.predictor')


def build_tiny_vit(modeling):
    encoder = modeling.TinyViT(img_size=IMAGE_SIZE, in_chans=3, num_classes=5, **TINY_VIT)
    # The original tells the last merging, which keeps the resolution, by its published widths; and its neck has 256.
    encoder.layers[2].downsample.conv2.c.stride = (1, 1)
    norm = type(encoder.neck[1])
    encoder.neck = nn.Sequential(
        nn.Conv2d(TINY_VIT['embed_dims'][-1], WIDTH, 1, bias=False),
        norm(WIDTH),
        nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False),
        norm(WIDTH),
    )
    return encoder


def build_vit(modeling):
    """Windows of 4 on 6 x 6 places are padded; the early features are those of the second of four blocks."""
    return modeling.ImageEncoderViT(
        img_size=IMAGE_SIZE,
        embed_dim=24,
        depth=4,
        num_heads=2,
        mlp_ratio=2,
        norm_layer=lambda width: nn.LayerNorm(width, eps=1e-6),
        use_rel_pos=True,
        global_attn_indexes=(1, 3),
        window_size=4,
        out_chans=WIDTH,
    )


def build(modeling, encoder, early_width):
    decoder = dict(
        num_multimask_outputs=3,
        transformer=modeling.TwoWayTransformer(depth=2, embedding_dim=WIDTH, mlp_dim=24, num_heads=4),
        transformer_dim=WIDTH,
        iou_head_depth=3,
        iou_head_hidden_dim=12,
    )
    return modeling.Sam(
        image_encoder=encoder,
        prompt_encoder=modeling.PromptEncoder(
            embed_dim=WIDTH,
            image_embedding_size=(GRID, GRID),
            input_image_size=(IMAGE_SIZE, IMAGE_SIZE),
            mask_in_chans=8,
        ),
        mask_decoder=modeling.MaskDecoder(**decoder)
        if early_width is None
        else modeling.MaskDecoderHQ(**decoder, vit_dim=early_width),
        pixel_mean=[123.675, 116.28, 103.53],
        pixel_std=[58.395, 57.12, 57.375],
    )


def randomise(model):
    """Every weight and statistic drawn, so that none is at a value at which a mistake would not be seen."""
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith('running_var'):
                tensor.uniform_(0.3, 2)
            elif name.endswith('num_batches_tracked'):
                tensor.fill_(7)
            elif tensor.dim() == 1 and name.endswith('weight'):
                tensor.uniform_(0.6, 1.4)
            elif tensor.dim() == 1:
                tensor.normal_(0, 0.3)
            elif 'embed' in name or 'token' in name or 'rel_pos' in name or 'biases' in name:
                tensor.normal_(0, 0.7)
            elif 'gaussian' not in name:
                tensor.normal_(0, 1.2 / math.sqrt(tensor[0].numel()))


def draw_image():
    """A grey image of two soft shapes on a gradient with noise."""
    rows, columns = np.mgrid[0 : ORIGINAL[0], 0 : ORIGINAL[1]]
    blob = np.exp(-(((rows - 30) / 14) ** 2 + ((columns - 22) / 9) ** 2))
    bar = (np.abs(columns - 40 - rows / 12) < 3) & (rows > 12)
    noise = np.random.default_rng(5).normal(0, 6, ORIGINAL)
    grey = np.clip(40 + rows * 0.6 + 120 * blob + 70 * bar + noise, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


POINTS = dict(points=[[22.5, 31], [44, 50.25], [5, 70]], labels=[1, 0, 0])
BOX = [9, 12.5, 37, 50]
CASES = {
    'box': dict(box=BOX),
    'points': dict(**POINTS),
    'point_multimask': dict(points=[[22.5, 31]], labels=[1], multimask=True),
    'box_points': dict(**POINTS, box=BOX),
    'points_after_box': dict(**POINTS, mask_input='box'),
    'mask_multimask': dict(box=[36, 10, 51, 74], mask_input='points', multimask=True),
}


def as_array(value, dtype=np.float32):
    return None if value is None else np.asarray(value, dtype)


def run_cases(predictor, expected):
    """Runs the original's own predictor and notes its outputs under `case.quantity`."""
    model, transform = predictor.model, predictor.transform
    cases = {}
    for name, given in CASES.items():
        case = {key: given.get(key) for key in ('points', 'labels', 'box', 'mask_input')}
        case['multimask'] = given.get('multimask', False)
        cases[name] = case
        points, box = as_array(case['points']), as_array(case['box'])
        mask = None
        if case['mask_input']:
            mask = expected[f"{case['mask_input']}.low_res"]
            expected[f'{name}.mask_input'] = mask
        masks, iou, low_res = predictor.predict(
            point_coords=points,
            point_labels=as_array(case['labels'], np.int32),
            box=box,
            mask_input=mask,
            multimask_output=case['multimask'],
        )
        assert 0.02 < masks.mean() < 0.98, f'{name}: a mask that shows nothing, {masks.mean()}'
        coordinates = None if points is None else transform.apply_coords(points, predictor.original_size)[None]
        sparse, _ = model.prompt_encoder(
            points=None
            if points is None
            else (torch.tensor(coordinates, dtype=torch.float32), torch.tensor([case['labels']])),
            boxes=None
            if box is None
            else torch.tensor(transform.apply_boxes(box, predictor.original_size), dtype=torch.float32),
            masks=None,
        )
        expected[f'{name}.sparse'] = sparse[0].numpy()
        expected[f'{name}.low_res'] = low_res
        expected[f'{name}.iou'] = iou
        expected[f'{name}.mask'] = masks.astype(np.uint8)
    return cases


def write_safetensors(path, arrays):
    """The format is a length in 8 bytes, a JSON header and the bytes of the arrays."""
    names = {np.dtype(np.float32): 'F32', np.dtype(np.uint8): 'U8'}
    header, parts, at = {}, [], 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        header[name] = dict(dtype=names[array.dtype], shape=list(array.shape), data_offsets=[at, at + len(data)])
        parts.append(data)
        at += len(data)
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, 'little') + text + b''.join(parts))


@torch.no_grad()
def main(kind, checkout, out):
    stub_libraries()
    torch.manual_seed(SEEDS[kind])
    high_quality = kind != 'mobile-sam'
    modeling, predicting = load_original(checkout, 'segment_anything' if high_quality else 'mobile_sam')
    if kind == 'sam-hq-vit':
        encoder, early_width = build_vit(modeling), 24
    else:
        encoder, early_width = build_tiny_vit(modeling), TINY_VIT['embed_dims'][2] if high_quality else None
    model = build(modeling, encoder, early_width)
    randomise(model)
    model.eval()

    image = draw_image()
    predictor = predicting.SamPredictor(model)
    predictor.set_image(image)
    resized = predictor.transform.apply_image(image)
    pixels = model.preprocess(torch.tensor(resized).permute(2, 0, 1)[None].float())
    expected = dict(
        resized_u8=resized,
        pixels=pixels.numpy(),
        image_pe=model.prompt_encoder.get_dense_pe().numpy(),
        embedding=predictor.features.numpy(),
    )
    if high_quality:
        early = predictor.interm_features[0]
        decoder = model.mask_decoder
        fine = decoder.embedding_encoder(predictor.features) + decoder.compress_vit_feat(early.permute(0, 3, 1, 2))
        expected.update(early=early[0].numpy(), fine=fine.numpy())
    cases = run_cases(predictor, expected)

    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), out / 'model.pth')
    hints = dict(
        model_type='sam',
        vision_config=dict(image_size=IMAGE_SIZE),
        mask_decoder_config=dict(num_attention_heads=4),
    )
    (out / 'config.json').write_text(json.dumps(hints) + '\n')
    sizes = dict(original_size=list(ORIGINAL), input_size=list(resized.shape[:2]))
    (out / 'cases.json').write_text(json.dumps(dict(**sizes, cases=cases)) + '\n')
    Image.fromarray(image[:, :, 0]).save(out / 'image.png')
    write_safetensors(out / 'expected.safetensors', expected)


if __name__ == '__main__':
    main(*sys.argv[1:])
