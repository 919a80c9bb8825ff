-- time_zones.lua: days and times by the clocks of a place, over both changes of a year; and what is said of a zone that
-- is not to be had. The zones' files are made here: which ones the machine has is of no importance.
local play    = require "plays.lib.play"
local console = require "plays.lib.console"

-- A file as tzdata has it, in its short form: the rule alone says when clocks change.
local function zone_file(standard, rule)
  local old = "TZif2" .. ("\0"):rep(15) .. (">I4I4I4I4I4I4"):pack(0, 0, 0, 0, 0, 0)
  local new = "TZif2" .. ("\0"):rep(15) .. (">I4I4I4I4I4I4"):pack(0, 0, 0, 0, 1, 4)
  return old .. new .. (">i4BB"):pack(standard, 0, 0) .. "STD\0" .. "\n" .. rule .. "\n"
end

local FILES = {
  ["data/zones/Europe/Berlin"]    = zone_file(3600, "CET-1CEST,M3.5.0,M10.5.0/3"),
  ["data/zones/America/New_York"] = zone_file(-18000, "EST5EDT,M3.2.0,M11.1.0"),
  ["data/zones/Damaged"]          = zone_file(3600, "CET-1CEST,M3.5.0"),
}

local function started()
  local server = play.server { files = { ["zones/Europe/note"] = "", ["zones/America/note"] = "" } }
  for name, bytes in pairs(FILES) do server:write(name, bytes) end
  return server
end

local function settings(server, text)
  server:write("config.lua", text)
  local done, why = server:reload()
  return done, why
end

-- What schedules become, all of them in one question: list of { zone, from_date, until_date, "from to ends" in UTC }.
local function spans(server, list)
  local asked, wanted = {}, {}
  for i, one in ipairs(list) do
    local zone = one[1] and ("zone=%q,"):format(one[1]) or ""
    asked[i]  = ("{%sfrom_date=%q,until_date=%q}"):format(zone, one[2], one[3])
    wanted[i] = one[4]
  end
  local line = ([[> (function() local out = {} for i, one in ipairs {%s} do
    local t = require("services.schedule").read(one)
    out[i] = os.date("!%%m-%%d %%H:%%M", t.from) .. " to " .. os.date("!%%m-%%d %%H:%%M", t.ends)
    end return table.concat(out, ", ") end)()]]):format(table.concat(asked, ",")):gsub("\n%s*", " ")
  local said = server:ctl(line)
  play.equal({ 0, table.concat(wanted, ", ") }, { said.code, said.out:match "^%s*\"?(.-)\"?%s*$" }, said.err)
end

play.scene("days and times over both changes of 2026, in two zones", function()
  local server = started()
  local fine = settings(server, 'return { server = { zone_files = "zones" }, promos = { zone = "Europe/Berlin" } }')
  play.equal(true, fine, "the zone of the settings")
  local berlin, new_york = "Europe/Berlin", "America/New_York"
  -- The days of the change have 23 hours and 25.
  spans(server, {
    { berlin, "2026-03-28", "2026-03-28", "03-27 23:00 to 03-28 23:00" },
    { berlin, "2026-03-29", "2026-03-29", "03-28 23:00 to 03-29 22:00" },
    { berlin, "2026-10-25", "2026-10-25", "10-24 22:00 to 10-25 23:00" },
    { new_york, "2026-03-08", "2026-03-08", "03-08 05:00 to 03-09 04:00" },
    { new_york, "2026-11-01", "2026-11-01", "11-01 04:00 to 11-02 05:00" },
  })
  -- A minute before and after; one that is skipped; an hour that comes twice: from its first to its last. The zone of
  -- the settings; and years that no file names.
  spans(server, {
    { berlin, "2026-03-29 01:59", "2026-03-29 03:00", "03-29 00:59 to 03-29 01:01" },
    { berlin, "2026-03-29 02:30", "2026-03-29 03:45", "03-29 01:30 to 03-29 01:46" },
    { berlin, "2026-10-25 02:30", "2026-10-25 02:30", "10-25 00:30 to 10-25 01:31" },
    { new_york, "2026-03-08 01:59", "2026-03-08 03:00", "03-08 06:59 to 03-08 07:01" },
    { new_york, "2026-11-01 01:30", "2026-11-01 01:30", "11-01 05:30 to 11-01 06:31" },
    { nil, "2026-07-01 12:00", "2026-12-01 11:59", "07-01 10:00 to 12-01 11:00" },
    { berlin, "2099-03-29 12:00", "2099-10-25 11:59", "03-29 10:00 to 10-25 11:00" },
  })
  console.does(server, "promo add news --zone America/New_York --from '2026-01-01 08:00' --until 2099-01-01 Hello")
end)

play.scene("zones that are not to be had are told of, and nothing begins by a guess", function()
  local server = started()
  play.equal(true, (settings(server, 'return { server = { zone_files = "zones" } }')))
  local function refuses(zone, why) console.fails(server, "promo add news --zone " .. zone .. " Text", why) end
  refuses("Europe/Berln", "there is no time zone 'Europe/Berln' in ")
  refuses("Damaged", "it is no time zone's file: the rule at its end is none")
  refuses("Europe", "there is no time zone 'Europe' in ")
  refuses("../zones/Damaged", "is no name of a time zone")
  local done, why = settings(server, 'return { server = { zone_files = "zones" }, promos = { zone = "Europe/Berln" } }')
  play.equal({ false, true }, { done, why:find("config.lua: promos.zone: there is no time zone", 1, true) ~= nil }, why)
  done, why = settings(server, 'return { server = { zone_files = "nowhere" }, promos = { zone = "Europe/Berlin" } }')
  play.equal({ false, true }, { done, why:find("install the package tzdata", 1, true) ~= nil }, why)
end)
