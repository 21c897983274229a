#pragma once

#include "epicrisis/data/adapter.h"

namespace epicrisis {

// Each is defined in <name>.cc and listed in registry.cc.
const Adapter& csv_folder_adapter();
const Adapter& derm7pt_adapter();
const Adapter& fitzpatrick17k_adapter();
const Adapter& generic_csv_adapter();
const Adapter& ham10000_adapter();
const Adapter& imagefolder_adapter();
const Adapter& isic2017_adapter();
const Adapter& isic2018_adapter();
const Adapter& isic2019_adapter();
const Adapter& isic2020_adapter();
const Adapter& milk10k_adapter();
const Adapter& pad_ufes_20_adapter();
const Adapter& ph2_adapter();

}  // namespace epicrisis
