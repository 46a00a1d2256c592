#include "several.h"

const int only_data[2] = {2, 4};
