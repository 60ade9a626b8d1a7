/** As much of PNG as it takes to look at a browser's screenshot: 8 bits a channel, no interlacing. */
import assert from 'node:assert/strict'
import { inflateSync } from 'node:zlib'

export interface Picture {
  readonly width: number
  readonly height: number
  /** 0xRRGGBB of each pixel, row by row. */
  readonly pixels: Uint32Array
}

const paeth = (a: number, b: number, c: number): number => {
  const p = a + b - c
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)]
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c
}

export const readPng = (file: Buffer): Picture => {
  assert.equal(file.toString('latin1', 1, 4), 'PNG')
  const [width, height, depth, colour, interlaced] = [
    file.readUInt32BE(16),
    file.readUInt32BE(20),
    file[24],
    file[25],
    file[28],
  ]
  assert.ok(depth === 8 && (colour === 2 || colour === 6) && interlaced === 0, 'a kind that is not read here')
  const parts: Buffer[] = []
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at)
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(file.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  const raw = inflateSync(Buffer.concat(parts))
  const channels = colour === 2 ? 3 : 4
  const stride = width * channels
  const pixels = new Uint32Array(width * height)
  let above = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    const from = y * (stride + 1)
    const filter = raw[from]!
    const row = new Uint8Array(stride)
    for (let i = 0; i < stride; i++) {
      const left = i >= channels ? row[i - channels]! : 0
      const up = above[i]!
      const corner = i >= channels ? above[i - channels]! : 0
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0
      row[i] = raw[from + 1 + i]! + guess
    }
    for (let x = 0; x < width; x++) {
      const i = x * channels
      pixels[y * width + x] = (row[i]! << 16) | (row[i + 1]! << 8) | row[i + 2]!
    }
    above = row
  }
  return { width, height, pixels }
}
