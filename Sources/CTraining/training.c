#include "CTraining.h"
