/* conv_piece.h - how a tile of the output is walked where its map has half the rows and columns of the
 * input: pooled, or at stride 2. OpenCL C, for conv.cl.
 *
 * Pixel (y, x) of the output stands above pixels (2y, 2x) to (2y + 1, 2x + 1) of the input, as far
 * as they exist. A tile is walked in pieces, which end with a row and with a vector of the run. So
 * what a lane sums depends on the shape alone.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_CONV_PIECE_H
#define FG_CONV_PIECE_H

#include "conv_tile.h"

/* The input's first pixel of a tile, in the batch: the upper left one of its 2x2 where it is halved. */
INLINE int input_pixel(struct tile tile, const struct fg_conv_args a)
{
    const int width = a.out_width, height = a.out_height;
    const int row = tile.pixel / width;
    if (!HALVED)
        return tile.pixel;
    return (row / height * a.in_height + 2 * (row % height)) * a.in_width +
           2 * (tile.pixel % width);
}

struct piece {
    int first;  /* pixel of the tile */
    int pixels; /* 1 .. FG_LANES */
    int row;    /* of the output's image */
    int column;
    int from; /* the input's pixel that it begins with, from the tile's first one on */
};

INLINE int piece_pixels(struct piece piece, struct tile tile, const struct fg_conv_args a)
{
    return min(min(FG_LANES - piece.first % FG_LANES, a.out_width - piece.column),
               tile.pixels - piece.first);
}

INLINE struct piece first_piece(struct tile tile, const struct fg_conv_args a)
{
    struct piece piece;
    piece.first = 0;
    piece.row = tile.pixel / a.out_width % a.out_height;
    piece.column = tile.pixel % a.out_width;
    piece.from = 0;
    piece.pixels = piece_pixels(piece, tile, a);
    return piece;
}

INLINE struct piece next_piece(struct piece piece, struct tile tile,
                               const struct fg_conv_args a)
{
    piece.first += piece.pixels;
    piece.column += piece.pixels;
    piece.from += 2 * piece.pixels;
    if (piece.column == a.out_width) {
        piece.from += 2 * (a.in_width - a.out_width);
        piece.column = 0;
        if (++piece.row == a.out_height) {
            piece.from += (a.in_height - 2 * a.out_height) * a.in_width;
            piece.row = 0;
        }
    }
    piece.pixels = piece_pixels(piece, tile, a);
    return piece;
}

#endif
