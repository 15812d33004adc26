/* counts.h - parameters and work of the networks of the papers, as counted elsewhere.
 *
 * The figures come from the specification's own counter and, for every row, from the reference
 * networks in PyTorch. Where a paper prints another figure, these count.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_PLAN_COUNTS_H
#define FG_TESTS_PLAN_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "filigree.h"

typedef struct counts_row {
    const char *model;
    int64_t parameters;
    int64_t multiply_adds; /* of one image, as all that follows */
    int64_t norm_elements;
    int64_t relu_elements;
    fg_flops convention;
    const char *flops; /* in that convention, three decimals; NULL: no paper prints any */
} counts_row;

/* A network stands here as often as it is printed with a convention of its own, and under each
 * of the names that have its counts. */
#define NONE FG_FLOPS_MAC, NULL
#define MAC FG_FLOPS_MAC
#define SPARSENET FG_FLOPS_SPARSENET
#define SEQCONV FG_FLOPS_SEQCONV
static const counts_row counts_rows[] = {
    /* plain networks and ResNets */
    {"resnet-20", 269722, 40551040, 188416, 188416, NONE},
    {"plain-20", 269722, 40551040, 188416, 188416, NONE},
    {"resnet-32", 464154, 68862592, 303104, 303104, NONE},
    {"plain-32", 464154, 68862592, 303104, 303104, NONE},
    {"resnet-44", 658586, 97174144, 417792, 417792, NONE},
    {"plain-44", 658586, 97174144, 417792, 417792, NONE},
    {"resnet-56", 853018, 125485696, 532480, 532480, NONE},
    {"plain-56", 853018, 125485696, 532480, 532480, NONE},
    {"resnet-110", 1727962, 252887680, 1048576, 1048576, NONE},
    {"plain-110", 1727962, 252887680, 1048576, 1048576, NONE},
    {"resnet-1202", 19421274, 2829238912, 11485184, 11485184, NONE},
    {"plain-1202", 19421274, 2829238912, 11485184, 11485184, NONE},
    {"preresnet-basic-110", 1727962, 252887680, 1048576, 1048576, NONE},
    {"preresnet-110", 1146842, 164284928, 2080768, 2080768, NONE},
    {"preresnet-164", 1703258, 244500992, 3112960, 3112960, NONE},
    {"preresnet-164:classes=100", 1726388, 244524032, 3112960, 3112960, NONE},
    {"preresnet-1001", 10327706, 1487849984, 19111936, 19111936, NONE},
    {"resnet-50:stride=1x1", 25557032, 3857973248, 10587136, 9081856, MAC, "3.858"},
    {"resnet-101:stride=1x1", 44549160, 7570194432, 15705088, 14199808, MAC, "7.570"},
    {"resnet-152:stride=1x1", 60192808, 11282415616, 22027264, 20521984, MAC, "11.282"},
    {"resnet-50", 25557032, 4089184256, 11113984, 9608704, SEQCONV, "3.859"},
    {"resnet-101", 44549160, 7801405440, 16231936, 14726656, SEQCONV, "7.340"},
    {"resnet-152", 60192808, 11513626624, 22554112, 21048832, SEQCONV, "10.827"},
    {"resnet-50", 25557032, 4089184256, 11113984, 9608704, SPARSENET, "8.199"},
    /* DenseNet */
    {"densenet-40-12:init=16", 1019722, 264812928, 2256384, 2256384, NONE},
    {"densenet-100-12:init=16", 6979642, 1769516448, 14091264, 14091264, NONE},
    {"densenet-100-24:init=16", 27249082, 6889347744, 27472896, 27472896, NONE},
    {"densenet-40-12:classes=100", 1100428, 282958368, 2396160, 2396160, NONE},
    {"densenet-100-12:classes=100", 7189468, 1816849248, 14446080, 14446080, NONE},
    {"densenet-100-24:classes=100", 28283476, 7265834688, 28892160, 28892160, NONE},
    {"densenet-400-12", 117124738, 29447729808, 226759680, 226759680, NONE},
    {"densenet-bc-100-12", 769162, 287929692, 4276608, 4276608, NONE},
    {"densenet-bc-250-24", 15324406, 5418785724, 42690816, 42690816, NONE},
    {"densenet-bc-190-40", 25624430, 9301945740, 43304960, 43304960, NONE},
    {"densenet-bc-400-4", 1116506, 353116704, 17044736, 17044736, NONE},
    {"densenet-bc-400-4:classes=100,init=4", 1147940, 346803932, 16731712, 16731712, NONE},
    {"densenet-bc-400-24:classes=100", 37133956, 12705677184, 102268416, 102268416, NONE},
    {"densenet-bc-100-16+32+64:classes=100", 7925188, 1181684544, 7910400, 7910400, NONE},
    {"densenet-bc-40-36", 1542682, 647298936, 3032064, 3032064, NONE},
    {"densenet-bc-40-48", 2733130, 1149867168, 4042752, 4042752, NONE},
    {"densenet-bc-40-60", 4261690, 1795836360, 5053440, 5053440, NONE},
    {"densenet-121-32", 7978856, 2834161664, 15667456, 15667456, SPARSENET, "5.700"},
    {"densenet-169-32", 14149480, 3359843328, 19022976, 19022976, SPARSENET, "6.758"},
    {"densenet-201-32", 20013928, 4291365888, 24705408, 24705408, SPARSENET, "8.632"},
    {"densenet-169-32", 14149480, 3359843328, 19022976, 19022976, SEQCONV, "3.218"},
    {"densenet-264-32", 33337704, 5751653376, 34013056, 34013056, SEQCONV, "5.515"},
    {"densenet-161-48", 28681000, 7727907072, 29414112, 29414112, NONE},
    /* SparseNet */
    {"sparsenet-40-12:classes=100", 193924, 78350016, 756480, 756480, NONE},
    {"sparsenet-40-24:classes=100", 757252, 312063360, 1512960, 1512960, NONE},
    {"sparsenet-100-24:classes=100", 2522404, 1050085440, 4925952, 4925952, NONE},
    {"sparsenet-100-36:classes=100", 5645908, 2361686112, 7388928, 7388928, NONE},
    {"sparsenet-100-16+32+64:classes=100", 7218148, 1046091264, 4288512, 4288512, NONE},
    {"sparsenet-bc-100-12:classes=100", 373348, 160585584, 2073984, 2073984, NONE},
    {"sparsenet-bc-400-12:classes=100", 1702948, 737140944, 10039680, 10039680, NONE},
    {"sparsenet-bc-100-24:classes=100", 1461124, 641003232, 4147968, 4147968, NONE},
    {"sparsenet-bc-100-36:classes=100", 3263428, 1441252944, 6221952, 6221952, NONE},
    {"sparsenet-bc-100-16+32+64:classes=100", 4376852, 649559296, 3787776, 3787776, NONE},
    {"sparsenet-bc-100-32+64+128:classes=100", 17339780, 2550921728, 7247872, 7247872, NONE},
    {"sparsenet-121-32", 4513576, 1723480320, 8257872, 8257872, SPARSENET, "3.463"},
    {"sparsenet-169-32", 6228616, 1862454784, 8964256, 8964256, SPARSENET, "3.743"},
    {"sparsenet-201-32", 7221896, 2055130624, 9967776, 9967776, SPARSENET, "4.130"},
    {"sparsenet-201-48", 14907736, 4578492672, 14951664, 14951664, SPARSENET, "9.187"},
    {"sparsenet-121-32:pool_grid=1", 3233576, 1722200320, 8257872, 8257872, NONE},
    {"sparsenet-169-32:pool_grid=1", 4692616, 1860918784, 8964256, 8964256, NONE},
    {"sparsenet-201-32:pool_grid=1", 5685896, 2053594624, 9967776, 9967776, NONE},
    {"sparsenet-201-48:pool_grid=1", 12603736, 4576188672, 14951664, 14951664, NONE},
    /* SparseNet[+], and the ResNets that have the same weights */
    {"sparsenet-sum-38", 404954, 57330176, 704512, 704512, NONE},
    {"preresnet-38", 404954, 57330176, 704512, 704512, NONE},
    {"sparsenet-sum-56", 590426, 84068864, 1048576, 1048576, NONE},
    {"preresnet-56", 590426, 84068864, 1048576, 1048576, NONE},
    {"sparsenet-sum-110", 1146842, 164284928, 2080768, 2080768, NONE},
    {"preresnet-110", 1146842, 164284928, 2080768, 2080768, NONE},
    {"sparsenet-sum-200", 2074202, 297978368, 3801088, 3801088, NONE},
    {"preresnet-200", 2074202, 297978368, 3801088, 3801088, NONE},
    {"sparsenet-sum-1001", 10327706, 1487849984, 19111936, 19111936, NONE},
    {"preresnet-1001", 10327706, 1487849984, 19111936, 19111936, NONE},
    {"sparsenet-sum-2000", 20621402, 2971847168, 38207488, 38207488, NONE},
    {"preresnet-2000", 20621402, 2971847168, 38207488, 38207488, NONE},
    {"sparsenet-sum-38:classes=100", 428084, 57353216, 704512, 704512, NONE},
    {"preresnet-38:classes=100", 428084, 57353216, 704512, 704512, NONE},
    {"sparsenet-sum-56:classes=100", 613556, 84091904, 1048576, 1048576, NONE},
    {"preresnet-56:classes=100", 613556, 84091904, 1048576, 1048576, NONE},
    {"sparsenet-sum-110:classes=100", 1169972, 164307968, 2080768, 2080768, NONE},
    {"preresnet-110:classes=100", 1169972, 164307968, 2080768, 2080768, NONE},
    {"sparsenet-sum-200:classes=100", 2097332, 298001408, 3801088, 3801088, NONE},
    {"preresnet-200:classes=100", 2097332, 298001408, 3801088, 3801088, NONE},
    {"sparsenet-sum-1001:classes=100", 10350836, 1487873024, 19111936, 19111936, NONE},
    {"preresnet-1001:classes=100", 10350836, 1487873024, 19111936, 19111936, NONE},
    {"sparsenet-sum-2000:classes=100", 20644532, 2971870208, 38207488, 38207488, NONE},
    {"preresnet-2000:classes=100", 20644532, 2971870208, 38207488, 38207488, NONE},
    /* SeqConv */
    {"seqresnet-r4-k8-n1", 1233370, 282085248, 442368, 442368, NONE},
    {"seqresnet-r3-k8-n1+2+1:window=0", 1229658, 282232224, 385024, 385024, NONE},
    {"seqresnet-r4-k16-n1", 1254106, 282969984, 442368, 442368, NONE},
    {"seqresnet-r3-k16-n1+2+2", 1256154, 227820960, 403456, 403456, NONE},
    {"seqresnet-r10-k8-n1", 7575514, 1721995968, 1081344, 1081344, NONE},
    {"seqresnet-b-r7-k16-n1", 843834, 204360992, 1406976, 1406976, NONE},
    {"seqresnet-b-r20-k32-n1", 6024794, 1402267008, 3989504, 3989504, NONE},
    {"seqresnet-b22", 11859656, 2882732032, 9633792, 9633792, SEQCONV, "2.730"},
    {"seqresnet-b42", 25642696, 5644419072, 16859136, 16859136, SEQCONV, "5.335"},
    {"seqresnext-24", 26211784, 4543979520, 19267584, 19267584, SEQCONV, "4.322"},
    /* DelugeNet */
    {"delugenet-146:classes=100", 6709380, 704504832, 15548416, 2867200, NONE},
    {"delugenet-218:classes=100", 10004868, 1046242304, 31571968, 4308992, NONE},
    {"wide-delugenet-146:classes=100", 20191068, 2139836160, 27209728, 5017600, SPARSENET,
     "4.312"},
    {"delugenet-92", 43404072, 5875630080, 40090624, 11691008, SPARSENET, "11.803"},
    {"delugenet-104", 51353896, 6547436544, 44756992, 12493824, SPARSENET, "13.152"},
    {"delugenet-122", 63620392, 7555622912, 52132864, 13597696, SPARSENET, "15.177"},
    /* Wide ResNet, ResNeXt */
    {"wrn-16-8", 10961370, 1548145664, 933888, 933888, NONE},
    {"wrn-28-10", 36479194, 5243328768, 2310144, 2310144, NONE},
    {"wrn-40-4", 8949210, 1298582016, 1392640, 1392640, NONE},
    {"resnext-29-8x64d", 34426698, 5387266048, 8585216, 8126464, NONE},
    {"resnext-29-16x64d", 68155210, 10688866304, 15269888, 14811136, NONE},
    {"resnext-50-32x4d", 25028904, 4230479872, 14400512, 12895232, SEQCONV, "4.006"},
    {"resnext-50-32x4d", 25028904, 4230479872, 14400512, 12895232, MAC, "4.230"},
    {"resnext-101-32x4d", 44177704, 7969996800, 21224448, 19719168, MAC, "7.970"},
    {"resnext-101-64x4d", 83455272, 15460270080, 31209472, 29704192, MAC, "15.460"},
};

#undef NONE
#undef MAC
#undef SPARSENET
#undef SEQCONV

#define COUNTS_ROWS ((int)(sizeof counts_rows / sizeof *counts_rows))

#endif
