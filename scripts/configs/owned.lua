-- configs/owned.lua: what every player owns: the online pass, all packs, all bonus items.
--
-- The game asks for it after login. Fifty rows at most: it asks for one page of that size. What a row does not say is
-- group "ME3PCOffers", project "300241", catalog "OFB" and a permanent item; `access` marks an online pass.
local entitlements = require "configs.entitlements"

return entitlements.owned {
  -- The online passes, without which there is no multiplayer.
  { id = 1014963946559, tag = "PROJECT10_CODE_CONSUMED",
    product = "DR:229644400", project = "303107", access = true },
  { id = 1014657546559, tag = "PROJECT10_CODE_CONSUMED_LE1",
    product = "DR:230773600", project = "304141", access = true },
  { id = 1015818446559, tag = "PROJECT10_CODE_CONSUMED_LE1",
    product = "Origin.OFR.50.0005237", project = "304141", access = true },
  { id = 1015819446559, tag = "ONLINE_ACCESS", product = "OFB-MASS:44370", access = true },
  { id = 1015788546559, tag = "ONLINE_ACCESS", product = "OFB-MASS:49465", access = true },
  { id = 1014963746559, tag = "ONLINE_ACCESS", product = "DR:229644400", project = "303107", access = true },
  { id = 1014657946559, tag = "ONLINE_ACCESS", product = "OFB-EAST:46112", access = true },
  { id = 1014657746559, tag = "ONLINE_ACCESS", product = "DR:230773600", project = "304141", access = true },
  { id = 1015818846559, tag = "ONLINE_ACCESS", product = "Origin.OFR.50.0002448", access = true },
  { id = 1015818646559, tag = "ONLINE_ACCESS", product = "Origin.OFR.50.0005237", project = "303107", access = true },
  { id = 1017854546559, tag = "ONLINE_ACCESS_GAW_WEB",
    group = "ME3GenOffers", project = "303107", catalog = "none", access = true },
  { id = 1014762946559, tag = "ONLINE_ACCESS_GAW_PC",
    group = "ME3GenOffers", project = "303107", catalog = "none", access = true },
  { id = 1005614546559, tag = "ONLINE_ACCESS_GAW_XBL2", group = "ME3GenOffers", project = "303107", access = true },
  -- Story packs.
  { id = 1015789146559, tag = "ME3_PRC_EXTENDEDCUT", product = "OFB-MASS:51074" },  -- Extended Cut DLC
  { id = 1015819246559, tag = "ME3_PRC_PROTHEAN", product = "OFB-MASS:44370" },  -- From Ashes DLC
  { id = 1014658146559, tag = "ME3_PRC_PROTHEAN", product = "OFB-EAST:46112" },  -- From Ashes DLC
  { id = 1015789546559, tag = "ME3_PRC_LEVIATHAN", product = "OFB-MASS:52001" },  -- Leviathan DLC
  { id = 1015789746559, tag = "ME3_PRC_OMEGA", product = "OFB-MASS:55146" },  -- Omega DLC
  { id = 1014964146559, tag = "MET_BONUS_CONTENT_DW", product = "OFB-EAST:58040" },
  { id = 1015823046559, tag = "ME3_PRC_CITADEL", product = "OFB-EAST:57550" },  -- Citadel DLC
  -- Weapon and appearance packs.
  { id = 1015790146559, tag = "ME3_MTX_APP01", product = "OFB-MASS:56984" },  -- Alternate Appearance Pack 1
  { id = 1015821046559, tag = "ME3_MTX_GUN01", product = "OFB-MASS:49032" },  -- Firefight Pack
  { id = 1015789946559, tag = "ME3_MTX_GUN02", product = "OFB-MASS:55147" },  -- Groundside Resistance Pack
  -- Multiplayer packs; each switches on the maps and kits of its number.
  { id = 1015820846559, tag = "ME3_PRC_RESURGENCE", product = "OFB-MASS:47872" },  -- Resurgence MP DLC (dlc2300)
  { id = 1015788746559, tag = "ME3_PRC_REBELLION", product = "OFB-MASS:49465" },  -- Rebellion MP DLC (dlc2500)
  { id = 1015788946559, tag = "ME3_PRC_EARTH", product = "OFB-MASS:51073" },  -- Earth MP DLC (dlc2700)
  { id = 1015789346559, tag = "ME3_PRC_GOBIG", product = "OFB-MASS:52000" },  -- Retaliation MP DLC (dlc3050)
  { id = 1015790546559, tag = "ME3_PRC_MP5", product = "OFB-MASS:59712" },  -- Reckoning MP DLC (dlc3225)
  -- Weapons that came with early orders.
  { id = 1015820646559, tag = "ME3_PRO_M90_INDRA", product = "OFB-MASS:46111" },
  { id = 1015820446559, tag = "ME3_PRO_AT12_RAIDER_PACK", product = "OFB-MASS:46110" },
  { id = 1015820246559, tag = "ME3_PRO_M55_ARGUS", product = "OFB-MASS:46033" },
  { id = 1015820046559, tag = "ME3_PRO_N7_WARFARE_PACK", product = "OFB-MASS:46032" },
  { id = 1015819846559, tag = "ME3_PRO_N7_WARFARE_PACK", product = "OFB-MASS:46489" },
  -- The bundle it may have been bought in.
  { id = 1015819046559, tag = "ORIGIN_BUNDLE_OWNED", product = "Origin.OFR.50.0002448" },
  -- Extras of special editions.
  { id = 1015819646559, tag = "ME3_MTX_COLLECTORS_EDITION", product = "OFB-MASS:46484" },
  { id = 1014658546559, tag = "ME3_MTX_DIGITAL_ART_BOOKS", product = "OFB-MASS:46483" },
  { id = 1014658346559, tag = "ME3_MTX_SOUNDTRACK", product = "OFB-MASS:46482", group = "ME3GenOffers" },
  { id = 1015790746559, tag = "ME3_PRC_DARKHORSECOMIC", product = "OFB-MASS:61524" },
}
