-- content/names.lua: where weapons and powers live in the game's configuration, so that balance scripts can use short
-- names. Only what the last official update touched is here; anything else goes by the whole name of its section.
--
-- beginning of the section's name → its ends
local names = {}

-- bioweapon.ini
names.weapons = {
  ["sfxgamecontent.sfxweapon_"] = [[
    assaultrifle_argus assaultrifle_cobra assaultrifle_collector assaultrifle_falcon assaultrifle_geth
    assaultrifle_mattock assaultrifle_revenant assaultrifle_saber assaultrifle_valkyrie assaultrifle_vindicator
    heavy_atlas pistol_carnifex pistol_eagle pistol_ivory pistol_scorpion pistol_talon pistol_thor shotgun_claymore
    shotgun_crusader shotgun_disciple shotgun_eviscerator shotgun_graal shotgun_raider shotgun_scimitar
    shotgun_striker smg_hornet smg_hurricane smg_locust smg_shuriken smg_tempest sniperrifle_blackwidow
    sniperrifle_incisor sniperrifle_indra sniperrifle_javelin sniperrifle_mantis sniperrifle_raptor
    sniperrifle_valiant sniperrifle_viper sniperrifle_widow
  ]],
  ["sfxgamecontentdlc_con_mp1.sfxweapon_"] = [[
    assaultrifle_krogan smg_geth sniperrifle_batarian
  ]],
  ["sfxgamecontentdlc_con_mp2.sfxweapon_"] = [[
    assaultrifle_cerberus assaultrifle_prothean_mp shotgun_quarian sniperrifle_turian
  ]],
  ["sfxgamecontentdlc_con_mp3.sfxweapon_"] = [[
    assaultrifle_lmg pistol_asari shotgun_assault
  ]],
  ["sfxgamecontentdlc_con_mp4.sfxweapon_"] = [[
    smg_collector sniperrifle_collector
  ]],
  ["sfxgamecontentdlc_con_mp5.sfxweapon_"] = [[
    assaultrifle_adas_mp assaultrifle_spitfire shotgun_salarian_mp smg_bloodpack_mp
  ]],
  ["sfxgamempcontent.sfxweapon_"] = [[
    heavy_consumablerocketlauncher
  ]],
}

-- bioai.ini: what enemies carry
names.enemy_weapons = {
  ["sfxgamecontent.sfxweapon_ai_"] = [[
    gethassaultrifle gethflamethrower gethshotgun hornet mattock
  ]],
  ["sfxgamecontentdlc_con_mp4.sfxweapon_ai_"] = [[
    scioncannon
  ]],
}

-- biogame.ini
names.powers = {
  ["sfxgamecontent.sfxpowercustomaction_"] = [[
    combatdroneshock concussiveshot energydrain fortification marksman proximitymine sentryturretrocket
    sentryturretshock stasis techarmor
  ]],
  ["sfxgamecontentdlc_con_mp1.sfxpowercustomactionmp_"] = [[
    batarianattack batariannet batarianpassive bioticcharge_krogan
  ]],
  ["sfxgamecontentdlc_con_mp2.sfxpowercustomaction_"] = [[
    empgrenade whipsmash
  ]],
  ["sfxgamecontentdlc_con_mp3.sfxpowercustomaction_"] = [[
    devestatormode missilelauncher
  ]],
  ["sfxgamecontentdlc_con_mp3.sfxpowercustomactionmp_"] = [[
    annihilationsphere electricslash palmblaster sonicslash supplyturret
  ]],
  ["sfxgamecontentdlc_con_mp4.sfxpowercustomactionmp_"] = [[
    asaricloak jetpackcharge n7turianpassive stimpack turiancloak
  ]],
  ["sfxgamecontentdlc_con_mp5.sfxpowercustomactionmp_"] = [[
    bioticfocus biotichammermodal darkchannelprothean fembotmeleepassive linestrike mercbowmodalone mercbowmodaltwo
    mercmeleepassive mercpassive protheanmeleepassive repairmatrix techhammermodal venomtippedblades
    warlordmeleepassive
  ]],
  ["sfxgamecontentdlc_shared.sfxpowercustomactionmp_"] = [[
    annihilationsphere_shared barrier_shared batarianarmor_shared batariannet_shared batarianpassive_shared
    darkchannel2_shared flamer_shared hominggrenade_shared malequarianpassive_shared supercharge_shared
  ]],
  ["sfxgamempcontent.sfxpowercustomactionmp_"] = [[
    aihacking barrier bioticcharge bioticgrenade carnage consumable_shield cryoblast drellpassive fraggrenade
    incinerate infernogrenade liftgrenade overload singularity stickygrenade turianmeleepassive turianpassive
  ]],
}
return names
